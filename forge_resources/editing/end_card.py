"""The end card: brand, product and call to action on the brand's colour, over the full frame.

What belongs here: its layout and its colours. What does not: other text (see `type_plates`), or fitting (`typography`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, UnidentifiedImageError

from forge_resources.editing.contrast import BLACK, DISTINCT, RGB, WHITE, brand_pair, contrast, legible_on, mix, rgb
from forge_resources.editing.type_styles import type_styles
from forge_resources.editing.typography import TypeBlock, set_block
from forge_resources.errors import InvalidInput
from forge_resources.schemas.brand import Palette
from forge_resources.schemas.delivery import FrameSize
from forge_resources.schemas.edit import TimelineNote, TypeNote

_GLOW = 0.06
"""How much lighter the ground is in the middle than the brand's colour, and how much darker at the corners."""
_OVERSAMPLING = 4


@dataclass(frozen=True)
class CardColours:
    """Every pair that text makes with its ground has at least the contrast that WCAG asks for."""

    ground: RGB
    text: RGB
    button: RGB
    button_text: RGB
    rule: RGB


@dataclass(frozen=True)
class CardRow:
    """One element of the stack and the white above it, in pixels."""

    height: int
    space_above: int
    block: TypeBlock | None = None
    logo: Image.Image | None = None
    button: bool = False
    rule: bool = False


def card_colours(palette: Palette) -> CardColours:
    """The colours of an end card: the brand's own wherever they can be read on each other."""
    paper, ink, accent = rgb(palette.paper), rgb(palette.ink), rgb(palette.accent)
    ground, text = brand_pair(palette, _GLOW)
    lightest = mix(ground, WHITE, _GLOW)
    button = next((c for c in (accent, paper, ink) if contrast(c, lightest) >= DISTINCT), text)
    rule = accent if contrast(accent, lightest) >= 1.6 else text
    return CardColours(ground, text, button, legible_on(button, [ink, paper, ground]), rule)


def draw_end_card(note: TypeNote, timeline: TimelineNote, logo: Path | None, clear_of: int | None) -> Image.Image:
    """The card as an opaque RGBA picture of the timeline's size. It stays above the row `clear_of`, if that is given.

    Raises InvalidInput where a text does not fit, or `logo` is not a picture.
    """
    size, safe = timeline.size, timeline.safe_area
    colours = card_colours(timeline.palette)
    card = _ground(size, colours.ground)
    top, bottom = _room(timeline, clear_of)
    rows = set_end_card(note, timeline, logo, clear_of)
    y = top + (bottom - top - sum(row.space_above + row.height for row in rows)) // 2
    centre = round((safe.left + 1 - safe.right) / 2 * size.width)
    for row in rows:
        y += row.space_above
        _draw_row(card, row, centre, y, colours)
        y += row.height
    return card


def _room(timeline: TimelineNote, clear_of: int | None) -> tuple[int, int]:
    """The first and last row of pixels that the stack may use."""
    safe, height = timeline.safe_area, timeline.size.height
    bottom = round((1 - safe.bottom) * height)
    return round(safe.top * height), bottom if clear_of is None else min(bottom, clear_of)


def set_end_card(note: TypeNote, timeline: TimelineNote, logo: Path | None, clear_of: int | None) -> list[CardRow]:
    """Sets every element of the card, from the top down. Raises as `draw_end_card` does."""
    colours = card_colours(timeline.palette)
    top, bottom = _room(timeline, clear_of)
    room = bottom - top
    styles, size, ratio = type_styles(), timeline.size, timeline.aspect_ratio
    longest = int(size.width * (1 - timeline.safe_area.left - timeline.safe_area.right))

    def block(text: str, role: str, what: str, width: int) -> TypeBlock:
        return set_block([text], getattr(styles, role), ratio, size, timeline.language, what, width)

    unit = min(size.width, size.height) / 100
    rows: list[CardRow] = []
    if logo is not None:
        picture = _fitted_logo(logo, colours, longest, room, unit)
        rows.append(CardRow(picture.height, 0, logo=picture))
    elif note.brand_name:
        brand = block(note.brand_name, "brand", "The brand's name", longest)
        rows.append(CardRow(brand.height, 0, block=brand))
    rows.append(CardRow(max(2, round(0.7 * unit)), round(3.2 * unit), rule=True))
    if note.product_name and note.product_name != note.brand_name:
        product = block(note.product_name, "product", "The product's name", longest)
        rows.append(CardRow(product.height, round(4.2 * unit), block=product))
    for text in note.text:
        padding = _padding(styles.call.ratios[ratio].size * size.height)
        call = block(text, "call", "The call to action", longest - 2 * padding[0])
        rows.append(CardRow(call.height + 2 * _padding(call.size)[1], round(6.0 * unit), block=call, button=True))
    total = sum(row.space_above + row.height for row in rows)
    if total > room:
        raise InvalidInput(
            f"The end card is {total - room} of {room} rows of pixels too tall at {size.width}×{size.height}.",
            remedy="Shorten the brand's name, the product's name, the call to action or the legal text.",
        )
    return rows


def _padding(em: float) -> tuple[int, int]:
    """White inside the button, left and right, above and below, in pixels."""
    return round(1.25 * em), round(0.55 * em)


def _ground(size: FrameSize, colour: RGB) -> Image.Image:
    """The brand's colour with a soft light in the middle and slightly darker corners."""
    y, x = np.mgrid[0 : size.height, 0 : size.width].astype(np.float32)
    distance = np.hypot((x / size.width - 0.5) * 1.25, (y / size.height - 0.45) * 1.25)
    light = np.clip(1 - distance / 0.6, 0, 1)[..., None] * _GLOW
    dark = np.clip((distance - 0.45) / 0.45, 0, 1)[..., None] * 3 * _GLOW
    base = np.array(colour, dtype=np.float32)
    pixels = base + (255 - base) * light - base * dark
    # Ordered noise of half a step keeps eight bits from showing bands.
    pixels += (((x * 7 + y * 13) % 16) / 16 - 0.5)[..., None]
    alpha = np.full((size.height, size.width, 1), 255, dtype=np.float32)
    return Image.fromarray(np.clip(np.rint(np.dstack([pixels, alpha])), 0, 255).astype(np.uint8))


def _draw_row(card: Image.Image, row: CardRow, centre: int, y: int, colours: CardColours) -> None:
    size = FrameSize.model_construct(width=card.width, height=card.height)
    if row.rule:
        half = max(8, round(min(card.size) * 0.045))
        _rounded(card, (centre - half, y, centre + half, y + row.height), row.height / 2, colours.rule)
    if row.logo is not None:
        card.alpha_composite(row.logo, (centre - row.logo.width // 2, y))
    if row.block is None:
        return
    block = row.block
    left = centre - block.width // 2
    colour = colours.text
    if row.button:
        across, _ = _padding(block.size)
        box = (left - across, y, left + block.width + across, y + row.height)
        radius = min(row.height / 2, block.size * 1.1)
        _rounded(card, box, radius, colours.button)
        colour = colours.button_text
        y += (row.height - block.height) // 2 + round(0.02 * block.size)
    baseline = y + block.ascent + block.leading * (len(block.lines) - 1)
    card.paste((*colour, 255), (0, 0), block.mask(size, left, baseline))


def _rounded(card: Image.Image, box: Sequence[int], radius: float, colour: RGB) -> None:
    """A filled box with round corners, drawn larger and reduced for smooth edges."""
    left, top, right, bottom = box
    large = Image.new("L", ((right - left) * _OVERSAMPLING, (bottom - top) * _OVERSAMPLING))
    edge = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(edge, radius * _OVERSAMPLING, fill=255)
    card.paste((*colour, 255), (left, top), large.reduce(_OVERSAMPLING))


def _fitted_logo(path: Path, colours: CardColours, longest: int, room: int, unit: float) -> Image.Image:
    """The logo at the size it has on the card; on a plate of its own where it would drown in the ground."""
    try:
        with Image.open(path) as opened:
            logo: Image.Image = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError) as error:
        raise InvalidInput(f"The logo is not a picture that can be read: {error}.", remedy="Supply a PNG.") from error
    box = logo.getchannel("A").getbbox()
    if box is None:
        raise InvalidInput("The logo has no visible pixel.", remedy="Supply a PNG that shows the logo.")
    logo = logo.crop(box)
    scale = min(0.55 * longest / logo.width, 0.3 * room / logo.height)
    fitted = logo.resize(
        (max(1, round(logo.width * scale)), max(1, round(logo.height * scale))), Image.Resampling.LANCZOS
    )
    if contrast(_mean_colour(fitted), colours.ground) >= 2:
        return fitted
    margin = round(3 * unit)
    plate = Image.new("RGBA", (fitted.width + 2 * margin, fitted.height + 2 * margin), (0, 0, 0, 0))
    paper = max(WHITE, BLACK, key=lambda colour: contrast(colour, _mean_colour(fitted)))
    mask = Image.new("L", plate.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, plate.width - 1, plate.height - 1), 2 * unit, fill=255)
    plate.paste((*paper, 255), (0, 0), mask)
    plate.alpha_composite(fitted, (margin, margin))
    return plate


def _mean_colour(logo: Image.Image) -> RGB:
    """The average of what is opaque."""
    visible = np.asarray(logo, dtype=np.float64)
    weight = visible[..., 3:] / 255
    red, green, blue = (visible[..., :3] * weight).sum(axis=(0, 1)) / weight.sum()
    return round(red), round(green), round(blue)
