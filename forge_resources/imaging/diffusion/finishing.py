"""From what a model drew to the plate: the middle at the plate's ratio, at the plate's size, as PNG.

What belongs here: cropping, scaling, writing. What does not: the model. Between the model and the plate lies a rough
file: the pixels as drawn, as PPM, which takes a few milliseconds to write and to read.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from forge_resources.errors import EngineFailed
from forge_resources.imaging.diffusion.sizes import Size, crop_box


def fit_to_plate(drawn: Image.Image, plate: Size) -> Image.Image:
    """The drawn picture at the size of the plate."""
    picture = drawn.convert("RGB")
    if picture.size == plate:
        return picture
    return picture.resize(plate, Image.Resampling.LANCZOS, box=crop_box(picture.size, plate), reducing_gap=None)


def fit_source(path: Path, size: Size, mode: str = "RGB") -> Image.Image:
    """A source picture cropped to the ratio of `size` and scaled to it."""
    with Image.open(path) as opened:
        picture = opened.convert("RGBA") if opened.mode in ("P", "LA", "PA") else opened.copy()
    if picture.mode == "RGBA":
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture)
    converted: Image.Image = picture.convert(mode)
    return converted.resize(size, Image.Resampling.LANCZOS, box=crop_box(picture.size, size))


SMALLEST_REFERENCE = 64
WIDEST_REFERENCE = 8
"""What models with a reference input of their own read: pixels of the shorter side, and long side ÷ short side."""


def reference_picture(path: Path) -> Image.Image:
    """A reference picture as it is; scaled up where it is tiny, and on a white ground where it is a narrow strip."""
    with Image.open(path) as opened:
        picture: Image.Image = fit_source(path, opened.size)
    width, height = picture.size
    ground = (max(width, -(-height // WIDEST_REFERENCE)), max(height, -(-width // WIDEST_REFERENCE)))
    if ground != picture.size:
        strip, picture = picture, Image.new("RGB", ground, "white")
        picture.paste(strip, ((ground[0] - width) // 2, (ground[1] - height) // 2))
    scale = SMALLEST_REFERENCE / min(ground)
    if scale > 1:
        picture = picture.resize((round(ground[0] * scale), round(ground[1] * scale)), Image.Resampling.LANCZOS)
    return picture


def write_plate(picture: Image.Image, target: Path) -> None:
    """Writes the PNG, with little compression: the store keeps plates, and encoding costs more than disk."""
    picture.save(target, format="PNG", compress_level=1)


def write_rough(picture: Image.Image, target: Path) -> None:
    """Writes the pixels as they are."""
    picture.convert("RGB").save(target, format="PPM")


def read_rough(path: Path) -> Image.Image:
    """The pixels as they were drawn. Raises EngineFailed where they are not all there."""
    try:
        with Image.open(path, formats=("PPM",)) as opened:
            picture: Image.Image = opened.convert("RGB")
    except (OSError, ValueError) as error:
        raise EngineFailed(f"What the model drew cannot be read: {error}.", remedy="Run it again.") from error
    return picture
