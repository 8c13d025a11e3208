"""The embedded image engine `sketch`: draws storyboard panels with Pillow, from the closed vocabulary, without a GPU.

What belongs here: the engine's contract, what of a look enters its recipe, and writing the PNG. What does not: drawing
(see the modules in `drawing`) and reading a script (see `storyboard`).
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from forge_resources.engines.contract import Facts, ImageEngine, Sources
from forge_resources.errors import Fault, InvalidInput
from forge_resources.imaging.drawing.anatomy import POSES
from forge_resources.imaging.drawing.composition import compose
from forge_resources.imaging.drawing.grade import HOURS, LIGHTS
from forge_resources.imaging.drawing.landmarks import SKYLINES
from forge_resources.imaging.drawing.panel import Panel
from forge_resources.imaging.drawing.products import SHAPES
from forge_resources.imaging.drawing.props import PROPS
from forge_resources.imaging.drawing.reference import read_reference
from forge_resources.imaging.drawing.settings import SETTINGS
from forge_resources.imaging.drawing.wardrobe import ROLES
from forge_resources.imaging.drawing.windows import SIZES
from forge_resources.imaging.plate_sizes import plate_size
from forge_resources.schemas.script import Angle, ShotSize
from forge_resources.schemas.storyboard import Figure, ShotLook
from forge_resources.schemas.types import AspectRatio, Colour, Document, Slug

PRODUCT_STATES = ("absent", "background", "held", "placed", "hero")
DETAILS = frozenset({f"skyline-{name}" for name in SKYLINES} | {f"window-{style}" for style in SIZES})
REFERENCE = "product-1"
"""The source that replaces the product's silhouette."""


class SketchParameters(Document):
    """What decides a sketched panel, and nothing else.

    `product_shape` is None where no silhouette is drawn: the product is absent, or `reference` says that its picture
    is set in instead. `skyline` and `window` are None where the setting shows none.
    """

    width: Annotated[int, Field(ge=64, le=4096)]
    height: Annotated[int, Field(ge=64, le=4096)]
    size: ShotSize
    angle: Angle
    setting: Slug
    time_of_day: Slug
    light: Slug
    figures: list[Figure]
    product: Slug
    product_shape: Slug | None
    reference: bool
    props: list[Slug]
    skyline: Slug | None
    window: Slug | None
    primary: Colour
    accent: Colour
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    cast_seed: Annotated[int | None, Field(ge=0, lt=2**63)]


class SketchArtist(ImageEngine):
    """Draws a board artist's panel of a look: set, light, figures, product."""

    name = "sketch"
    tier = "draft"
    version = "4"
    summary = "Draws storyboard panels with Pillow: framing, figures, product, light and palette. No GPU, no download."
    Parameters: ClassVar[type[BaseModel]] = SketchParameters

    def parameters(self, look: ShotLook, aspect_ratio: AspectRatio, references: int) -> SketchParameters:
        """What of a look is drawn. Raises InvalidInput that names every word that is not in the vocabulary."""
        _check_words(look)
        setting = SETTINGS[look.setting]
        shown = look.product != "absent"
        pictured = shown and references > 0
        width, height = plate_size(aspect_ratio)
        return SketchParameters(
            width=width, height=height, size=look.camera.size, angle=look.camera.angle, setting=look.setting,
            time_of_day=look.time_of_day, light=look.light, figures=look.figures, product=look.product,
            product_shape=look.product_shape if shown and not pictured else None, reference=pictured, props=look.props,
            skyline=_detail(look, "skyline") if setting.skyline else None,
            window=_detail(look, "window") if setting.windows else None,
            primary=look.palette.primary.lower(), accent=look.palette.accent.lower(), seed=look.seed,
            cast_seed=_cast_seed(look),
        )  # fmt: skip

    def make(self, parameters: SketchParameters, sources: Sources, target: Path) -> Facts:
        """Draws the panel to `target` as PNG. Facts: `width` and `height` in pixels."""
        if parameters.reference and REFERENCE not in sources:
            raise InvalidInput(
                f"The recipe asks for the product's reference picture, but there is no source `{REFERENCE}`."
            )
        reference = read_reference(sources[REFERENCE]) if parameters.reference else None
        picture = compose(_panel(parameters), reference)
        picture.save(target, format="PNG", compress_level=1)
        return {"width": picture.width, "height": picture.height}


def _panel(p: SketchParameters) -> Panel:
    details = tuple(slug for slug in (p.skyline, p.window) if slug)
    return Panel(
        picture=(p.width, p.height), size=p.size, angle=p.angle, setting=p.setting, time_of_day=p.time_of_day,
        light=p.light, figures=tuple((figure.role, figure.pose) for figure in p.figures), product=p.product,
        product_shape=p.product_shape or "box", props=tuple(p.props), details=details, primary=p.primary,
        accent=p.accent, seed=p.seed, cast_seed=p.seed if p.cast_seed is None else p.cast_seed,
    )  # fmt: skip


def _detail(look: ShotLook, kind: str) -> str | None:
    return next((slug for slug in look.details if slug.startswith(f"{kind}-")), None)


def _cast_seed(look: ShotLook) -> int | None:
    return look.cast_seed if look.figures else None


def _check_words(look: ShotLook) -> None:
    """Raises InvalidInput where a look uses a word that nobody taught this engine to draw."""
    used: list[tuple[str, str, Container[str]]] = [
        ("setting", look.setting, SETTINGS), ("time_of_day", look.time_of_day, HOURS), ("light", look.light, LIGHTS),
        ("product", look.product, PRODUCT_STATES), ("product_shape", look.product_shape, SHAPES),
        *[(f"figures[{i}].role", figure.role, ROLES) for i, figure in enumerate(look.figures)],
        *[(f"figures[{i}].pose", figure.pose, POSES) for i, figure in enumerate(look.figures)],
        *[(f"props[{i}]", prop, PROPS) for i, prop in enumerate(look.props)],
        *[(f"details[{i}]", detail, DETAILS) for i, detail in enumerate(look.details)],
    ]  # fmt: skip
    unknown = [(place, word) for place, word, known in used if word not in known]
    if unknown:
        words = ", ".join(f"`{word}`" for _, word in unknown)
        raise InvalidInput(
            f"The sketch engine cannot draw {words}.",
            remedy="Use the words of library/data/vocabulary.yaml.",
            faults=[Fault(place, f"`{word}` is not a word this engine can draw") for place, word in unknown],
        )
