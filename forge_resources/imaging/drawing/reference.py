"""The product's reference picture, set into the panel in the product's place.

What belongs here: reading the picture and cutting it to a sprite. What does not: where it goes (composition).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, UnidentifiedImageError

from forge_resources.errors import InvalidInput
from forge_resources.imaging.drawing.stage import Pen

_LARGEST = 1400
"""Longest side a reference is kept at, in pixels: no panel shows it larger."""


@dataclass(frozen=True)
class Reference:
    """A cut-out of the product; `width` is in heights."""

    picture: Image.Image

    @property
    def width(self) -> float:
        return self.picture.width / self.picture.height

    def draw(self, pen: Pen) -> None:
        """Pastes it one unit tall, its foot at the pen's origin, turned with the pen."""
        stage = pen.stage
        left, foot = pen.pixel(-self.width / 2, 0)
        right, _ = pen.pixel(self.width / 2, 0)
        _, top = pen.pixel(0, 1)
        mid_x, mid_y = pen.pixel(0, 0.5)
        wide, tall = max(abs(right - left), 2.0) * stage.scale, max(abs(foot - top), 2.0) * stage.scale
        if wide > 4 * stage.image.width or tall > 4 * stage.image.height:
            raise InvalidInput("The product's reference picture is too wide or too tall to be set into a panel.")
        cut = self.picture.resize((round(wide), round(tall)), Image.Resampling.BILINEAR)
        grade = stage.grade.tone((255, 255, 255), 0, 0)
        shaded = Image.merge(
            "RGB",
            [
                band.point([int(i * (0.35 + 0.65 * grade[k] / 255)) for i in range(256)])
                for k, band in enumerate(cut.split()[:3])
            ],
        )
        stage.image.paste(
            shaded, (round(mid_x * stage.scale - wide / 2), round(mid_y * stage.scale - tall / 2)), cut.getchannel("A")
        )


def read_reference(path: Path) -> Reference:
    """The picture as a cut-out: by its own transparency, or as a photo with round corners where it has none."""
    try:
        with Image.open(path) as opened:
            opened.load()
            picture = opened.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as fault:
        raise InvalidInput(
            f"The product's reference picture cannot be read: {fault}.", remedy="Use a PNG, JPEG or WebP file."
        ) from fault
    picture.thumbnail((_LARGEST, _LARGEST), Image.Resampling.LANCZOS)
    alpha = picture.getchannel("A")
    if alpha.getextrema()[0] > 250:
        card = Image.new("L", picture.size)
        radius = min(picture.size) // 12
        ImageDraw.Draw(card).rounded_rectangle((0, 0, picture.width - 1, picture.height - 1), radius, fill=255)
        picture.putalpha(card)
    elif (box := alpha.point([0] * 12 + [255] * 244).getbbox()) is not None:
        picture = picture.crop(box)
    return Reference(picture)
