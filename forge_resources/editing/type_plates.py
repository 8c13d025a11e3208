"""Draws the text of a timeline as pictures to be laid over it: supers, legal lines, end cards.

What belongs here: where a block of text stands in the picture, its colour and what backs it. What does not: breaking
and fitting (see `typography`), the layout of the end card (see `end_card`), or timing (see `timeline`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

from forge_resources.editing.contrast import BLACK, RGB, WHITE, mix, rgb, veil_for
from forge_resources.editing.end_card import card_colours, draw_end_card, set_end_card
from forge_resources.editing.fonts import font_book
from forge_resources.editing.shaping import HANGING
from forge_resources.editing.type_styles import RoleStyle, type_styles
from forge_resources.editing.typography import TypeBlock, set_block
from forge_resources.errors import Conflict, InvalidInput
from forge_resources.schemas.delivery import FrameSize
from forge_resources.schemas.edit import TimelineNote, TypeNote

_SUPER_PADDING = 0.6
_SUPER_HEADROOM = 0.4
_LEGAL_PADDING = 0.45
_LEGAL_HEADROOM = 0.16
"""White between text and the edge of its plate, beside it and above and below it, in em of the text."""
_PLATE_RADIUS = 0.16
_ACCENT_EDGE = 0.13
_SUPER_OPACITY = 0.94
_LEGAL_OPACITY = 0.62
_LEGAL_TINT = 0.22
"""How much of the brand's colour is in the dark plate behind legal lines."""
_OVERSAMPLING = 4


@dataclass(frozen=True)
class TypePlate:
    """Text ready to be laid over a picture: RGBA with straight alpha, and where its corner goes, in pixels."""

    picture: Image.Image
    left: int
    top: int


@dataclass(frozen=True)
class Placed:
    """A block of text and where it stands, in pixels: left edge, last baseline, and the white around it."""

    block: TypeBlock
    left: int
    baseline: int
    beside: int
    above: int

    @property
    def top(self) -> int:
        """The upper edge of its plate."""
        return self.box()[1]

    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of its plate."""
        foot = self.baseline + self.block.foot
        right = self.left + self.block.width
        return self.left - self.beside, foot - self.block.height - self.above, right + self.beside, foot + self.above


def draw_type(note: TypeNote, timeline: TimelineNote, logo: Path | None) -> TypePlate:
    """Draws what `note` asks for, at the timeline's size. `logo` is the PNG that `note.logo` names.

    Supers and legal lines are cropped to what is visible; an end card covers the full frame. Raises InvalidInput where
    a text does not fit its place, Unavailable where a font is missing, Conflict where the fonts of this machine are
    not those that the timeline was made with.
    """
    _check_fonts(note, timeline)
    if note.role == "end-card":
        clear_of = legal_top(note, timeline) if note.above else None
        return TypePlate(draw_end_card(note, timeline, logo, clear_of), 0, 0)
    if note.role == "legal":
        picture = _legal_plate(place_legal(note.text, timeline), timeline)
    elif note.role == "caption":
        picture = _legal_plate(place_caption(note.text, timeline), timeline)
    else:
        picture = _super_plate(place_super(note, timeline), timeline)
    box = picture.getchannel("A").getbbox() or (0, 0, 1, 1)
    return TypePlate(picture.crop(box), box[0], box[1])


def check_type(note: TypeNote, timeline: TimelineNote) -> None:
    """Raises what `draw_type` would, without drawing; a logo is taken for the brand's name."""
    if note.role == "end-card":
        set_end_card(note, timeline, None, legal_top(note, timeline) if note.above else None)
    elif note.role == "legal":
        place_legal(note.text, timeline)
    elif note.role == "caption":
        place_caption(note.text, timeline)
    else:
        place_super(note, timeline)


def place_super(note: TypeNote, timeline: TimelineNote) -> Placed:
    """Sets a super: its last baseline at one height throughout a spot, above the legal lines where there are any."""
    style, height = type_styles().super, timeline.size.height
    figures = style.ratios[timeline.aspect_ratio]
    top = round(timeline.safe_area.top * height)
    baseline = _lower_edge(timeline) - round(figures.rise * height)
    if note.above:
        foot = round(figures.size * height * (HANGING + _SUPER_HEADROOM))
        baseline = min(baseline, legal_top(note, timeline) - foot)
    # The plate's headroom above the letters takes some of the height too: as much as at the largest size.
    headroom = round(figures.size * height * _SUPER_HEADROOM)
    tallest = baseline + round(figures.min_size * height * HANGING) - top - headroom
    block = _set(note.text, style, timeline, "The super", _SUPER_PADDING, tallest)
    placed = _place(block, timeline, baseline, _SUPER_PADDING, _SUPER_HEADROOM)
    if placed.top < top:
        raise InvalidInput(
            f"The super “{' / '.join(note.text)}” has no room above the legal lines at {timeline.size.width}×{height}.",
            remedy="Shorten the super or the legal lines.",
        )
    return placed


def place_legal(lines: list[str], timeline: TimelineNote) -> Placed:
    """Sets legal lines at the lower edge of the safe area."""
    block = _set(lines, type_styles().legal, timeline, "The legal text", _LEGAL_PADDING)
    baseline = _lower_edge(timeline) - block.foot - round(_LEGAL_HEADROOM * block.size)
    return _place(block, timeline, baseline, _LEGAL_PADDING, _LEGAL_HEADROOM)


def place_caption(lines: list[str], timeline: TimelineNote) -> Placed:
    """Sets a caption at the upper edge of the safe area: supers and legal lines stand at the lower one."""
    block = _set(lines, type_styles().caption, timeline, "The caption", _LEGAL_PADDING)
    above = round(_LEGAL_HEADROOM * block.size)
    baseline = round(timeline.safe_area.top * timeline.size.height) + above + block.height - block.foot
    return _place(block, timeline, baseline, _LEGAL_PADDING, _LEGAL_HEADROOM)


def legal_top(note: TypeNote, timeline: TimelineNote) -> int:
    """The row of pixels above which a text is clear of the legal lines that `note.above` holds."""
    placed = place_legal(note.above, timeline)
    return placed.top - round(0.45 * placed.block.size)


def _set(
    texts: list[str], style: RoleStyle, timeline: TimelineNote, what: str, padding: float, tallest: int | None = None
) -> TypeBlock:
    safe, size, ratio = timeline.safe_area, timeline.size, timeline.aspect_ratio
    widest_padding = round(padding * style.ratios[ratio].size * size.height)
    room = int(size.width * (1 - safe.left - safe.right)) - 2 * widest_padding
    return set_block(texts, style, ratio, size, timeline.language, what, room, tallest)


def _place(block: TypeBlock, timeline: TimelineNote, baseline: int, padding: float, headroom: float) -> Placed:
    """Stands the block so that its plate begins and ends with the safe area."""
    safe, width = timeline.safe_area, timeline.size.width
    first, last, beside = round(safe.left * width), round((1 - safe.right) * width), round(padding * block.size)
    left = {
        "left": first + beside,
        "center": (first + last - block.width) // 2,
        "right": last - beside - block.width,
    }[block.align]
    return Placed(block, left, baseline, beside, round(headroom * block.size))


def _check_fonts(note: TypeNote, timeline: TimelineNote) -> None:
    if not timeline.fonts:
        return
    texts = [*note.text, *(text for text in (note.brand_name, note.product_name) if text)]
    here = font_book().font_fingerprint(texts, timeline.language, type_styles().weights)
    changed = sorted(name for name, sha in here.items() if timeline.fonts.get(name) not in {sha, None})
    missing = sorted(set(here) - set(timeline.fonts) - {"typesetter"})
    if changed or missing:
        raise Conflict(
            f"The fonts here are not those that the timeline was made with: {', '.join([*changed, *missing])}.",
            remedy="Make the timeline again on this machine, or install the same fonts.",
        )


def _lower_edge(timeline: TimelineNote) -> int:
    return round(timeline.size.height * (1 - timeline.safe_area.bottom))


def _super_plate(placed: Placed, timeline: TimelineNote) -> Image.Image:
    """On the brand's colour, with an edge of its accent where the reader's eye begins."""
    # The colours of the end card, so that the spot is of one piece.
    colours = card_colours(timeline.palette)
    accent = rgb(timeline.palette.accent)
    return _on_plate(placed, timeline, colours.ground, colours.text, _SUPER_OPACITY, accent)


def _legal_plate(placed: Placed, timeline: TimelineNote) -> Image.Image:
    """On a dark plate that is as thin as legibility allows."""
    ground = mix(BLACK, rgb(timeline.palette.primary), _LEGAL_TINT)
    return _on_plate(placed, timeline, ground, WHITE, _LEGAL_OPACITY, None)


def _on_plate(
    placed: Placed, timeline: TimelineNote, ground: RGB, text: RGB, opacity: float, accent: RGB | None
) -> Image.Image:
    """Letters on a plate; the plate is made more opaque where the text would not read over every picture."""
    em = placed.block.size
    left, top, right, bottom = placed.box()
    plate = _box_mask(timeline.size, (left, top, right, bottom), round(_PLATE_RADIUS * em))
    opacity = max(opacity, veil_for(text, ground))
    picture = Image.new("RGBA", plate.size)
    picture.alpha_composite(_layer(ground, plate.point([round(value * opacity) for value in range(256)])))
    if accent:
        width = max(2, round(_ACCENT_EDGE * em))
        edge = {
            "left": (left, top, left + width, bottom),
            "right": (right - width, top, right, bottom),
            "center": (left, bottom - width, right, bottom),
        }[placed.block.align]
        picture.alpha_composite(_layer(accent, ImageChops.darker(plate, _box_mask(timeline.size, edge, 0))))
    picture.alpha_composite(_layer(text, placed.block.mask(timeline.size, placed.left, placed.baseline)))
    return picture


def _box_mask(size: FrameSize, box: tuple[int, int, int, int], radius: int) -> Image.Image:
    """A box with round corners as a mask (mode L) of the whole picture; its edges right and bottom are outside it."""
    left, top, right, bottom = box
    large = Image.new("L", ((right - left) * _OVERSAMPLING, (bottom - top) * _OVERSAMPLING))
    edge = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(edge, radius * _OVERSAMPLING, fill=255)
    mask = Image.new("L", (size.width, size.height))
    mask.paste(large.reduce(_OVERSAMPLING), (left, top))
    return mask


def _layer(colour: RGB, mask: Image.Image) -> Image.Image:
    layer = Image.new("RGBA", mask.size, (*colour, 0))
    layer.putalpha(mask)
    return layer
