"""What a panel is asked to show, and what its parts hand to each other while it is put together.

What belongs here: values. What does not: decisions (placing, composition) and drawing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from forge_resources.imaging.drawing.colour import RGB
from forge_resources.imaging.drawing.placing import Placed
from forge_resources.imaging.drawing.products import SHAPES
from forge_resources.imaging.drawing.reference import Reference
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.schemas.script import Angle, ShotSize

TOO_BIG_TO_HOLD = frozenset({"appliance"})


@dataclass(frozen=True)
class Panel:
    """Everything a panel shows, in the words of the vocabulary; colours as `#rrggbb`, `picture` in pixels."""

    picture: tuple[int, int]
    size: ShotSize
    angle: Angle
    setting: str
    time_of_day: str
    light: str
    figures: tuple[tuple[str, str], ...]
    product: str
    product_shape: str
    props: tuple[str, ...]
    details: tuple[str, ...]
    primary: str
    accent: str
    seed: int
    cast_seed: int


@dataclass(frozen=True)
class Ware:
    """The product as a thing in the set: metres tall, its width in heights, where it is held, how it is drawn."""

    tall: float
    wide: float
    grip: float
    on_floor: bool
    shape: str
    reference: Reference | None

    @property
    def half(self) -> float:
        """Half its width in metres."""
        return self.tall * self.wide / 2


def ware_of(shape: str, reference: Reference | None) -> Ware:
    """The product by its silhouette, or by its reference picture where there is one."""
    if reference is not None:
        return Ware(0.34 if reference.width < 1.4 else 0.26, reference.width, 0.3, False, "", reference)
    form = SHAPES[shape]
    return Ware(form.height, form.width, form.grip, form.on_floor, shape, None)


@dataclass(frozen=True)
class Spot:
    """Where the product stands: its foot in metres."""

    x: float
    y: float
    z: float


@dataclass
class Shoot:
    """A panel on its way: what was decided, and what is still to be placed."""

    panel: Panel
    scene: Scene
    placed: list[Placed]
    ware: Ware
    state: str
    spot: Spot
    indoors: bool
    bed_top: float
    rim: int
    """The side of the picture that direct light comes from: +1 right, -1 left."""
    props: list[str]
    """Props that nobody has taken yet."""
    tones: dict[str, RGB] = field(default_factory=dict)
    """The paint of each prop."""
