"""The colour of light: what a time of day and a light do to every paint, to the sky, and to edges.

What belongs here: the tables of hours and lights and how they combine. What does not: where lamps stand in a set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from forge_resources.imaging.drawing.colour import RGB, mix


@dataclass(frozen=True)
class Hour:
    """A time of day: ambient light (1 is neutral), colour of direct light, the sky and what hangs in it."""

    ambient: RGB
    key: RGB
    zenith: RGB
    middle: RGB
    horizon: RGB
    sun: float
    """Height of the sun above the horizon in picture heights; below 0 there is none."""
    dark: float
    """How dark it is outdoors, 0-1: lamps and windows are lit from 0.35."""


HOURS: dict[str, Hour] = {
    "dawn": Hour((0.86, 0.80, 0.90), (255, 196, 150), (104, 124, 178), (232, 176, 164), (255, 220, 172), 0.05, 0.30),
    "morning": Hour((1.0, 0.98, 0.94), (255, 236, 200), (128, 186, 226), (190, 220, 232), (246, 238, 216), 0.24, 0.0),
    "noon": Hour((1.03, 1.03, 1.02), (255, 250, 236), (92, 164, 222), (154, 204, 236), (220, 238, 242), 0.60, 0.0),
    "afternoon": Hour(
        (1.02, 0.98, 0.90), (255, 226, 174), (118, 172, 212), (196, 214, 214), (250, 232, 196), 0.32, 0.0
    ),
    "dusk": Hour((0.82, 0.68, 0.72), (255, 168, 110), (76, 72, 130), (206, 116, 128), (255, 190, 122), 0.03, 0.45),
    "evening": Hour((0.60, 0.57, 0.74), (236, 166, 130), (36, 44, 96), (96, 86, 142), (222, 146, 122), -0.1, 0.65),
    "night": Hour((0.40, 0.45, 0.63), (150, 176, 226), (14, 20, 50), (28, 40, 84), (58, 72, 118), -0.3, 0.9),
}


@dataclass(frozen=True)
class Fixture:
    """A light: what it does to the ambient, how hard it is, its own colour, and the effects that come with it."""

    ambient: RGB
    dim: float
    """How far it takes the ambient down indoors, 0-1."""
    colour: RGB | None
    rim: float
    contrast: float
    shafts: float = 0.0
    lamps: bool = False
    screen: bool = False
    candle: bool = False
    neon: bool = False
    behind: bool = False
    grey: float = 0.0


LIGHTS: dict[str, Fixture] = {
    "soft-daylight": Fixture((1.0, 1.0, 1.0), 0.0, None, 0.30, 0.22, shafts=0.35),
    "hard-sun": Fixture((1.0, 0.98, 0.94), 0.10, (255, 238, 190), 0.55, 0.46, shafts=1.0),
    "overcast": Fixture((0.92, 0.95, 0.99), 0.04, (226, 232, 238), 0.12, 0.14, grey=0.55),
    "backlight": Fixture((0.86, 0.82, 0.86), 0.22, (255, 224, 170), 0.95, 0.40, shafts=0.6, behind=True),
    "warm-lamp": Fixture((1.0, 0.90, 0.78), 0.26, (255, 196, 116), 0.55, 0.36, lamps=True),
    "cool-screen": Fixture((0.80, 0.88, 1.04), 0.34, (140, 206, 255), 0.55, 0.40, screen=True),
    "candle": Fixture((1.0, 0.80, 0.62), 0.46, (255, 168, 84), 0.60, 0.45, candle=True),
    "neon": Fixture((0.90, 0.76, 1.04), 0.42, (255, 84, 190), 0.95, 0.40, neon=True),
}
NEON: tuple[RGB, RGB] = ((255, 74, 178), (72, 214, 255))


@dataclass(frozen=True)
class Grade:
    """Hour and light combined, as the drawing modules use them."""

    hour: Hour
    light: Fixture
    ambient: RGB
    haze: RGB
    key: RGB
    rim: RGB
    lamps: bool
    lit_windows: bool
    day_window: float
    """How bright it is outside, 0-1: how much light a window throws into a room."""

    def tone(self, colour: RGB, depth: float, haze: float) -> tuple[int, int, int]:
        """A paint under this light at a distance in metres; `haze` is the share of air in it per metre."""
        a = self.ambient
        red, green, blue = colour[0] * a[0], colour[1] * a[1], colour[2] * a[2]
        if self.light.grey:
            grey = 0.3 * red + 0.59 * green + 0.11 * blue
            share = self.light.grey * 0.45
            red, green, blue = red + (grey - red) * share, green + (grey - green) * share, blue + (grey - blue) * share
        if haze > 0:
            share = min(depth * haze, 0.86)
            red, green, blue = (
                red + (self.haze[0] - red) * share,
                green + (self.haze[1] - green) * share,
                blue + (self.haze[2] - blue) * share,
            )
        return (min(255, max(0, int(red))), min(255, max(0, int(green))), min(255, max(0, int(blue))))


def combine(time_of_day: str, light: str, indoors: bool, studio: bool = False) -> Grade:
    """The grade of a shot. Indoors after dark some lamp is always on, or nothing could be seen."""
    hour, fixture = HOURS[time_of_day], LIGHTS[light]
    if fixture.grey:
        flat = (196.0, 202.0, 208.0) if hour.dark < 0.35 else mix(hour.middle, (70, 76, 92), 0.5)
        hour = replace(
            hour, zenith=mix(hour.zenith, flat, 0.62), middle=mix(hour.middle, flat, 0.66),
            horizon=mix(hour.horizon, flat, 0.5), sun=-1.0,
        )  # fmt: skip
    base = hour.ambient
    if indoors:
        # Walls keep a lit room from going as dark as the street.
        base = tuple(channel + (0.86 - channel) * 0.6 if channel < 0.86 else channel for channel in base)  # type: ignore[assignment]
    if studio:
        # A studio has no windows: its own lights make its day.
        base = (0.98, 0.97, 0.96)
    dim = fixture.dim * (0.55 if studio else 1.0 if indoors else 0.35 if hour.dark < 0.35 else 0.25)
    ambient = tuple(
        b * (1 + (f - 1) * (1.0 if indoors else 0.6)) * (1 - dim * 0.55)
        for b, f in zip(base, fixture.ambient, strict=True)
    )
    own = fixture.colour or hour.key
    lamps = fixture.lamps or fixture.candle or (hour.dark >= 0.35)
    return Grade(
        hour=hour,
        light=fixture,
        ambient=(ambient[0], ambient[1], ambient[2]),
        haze=mix(hour.horizon, hour.middle, 0.45),
        key=own,
        rim=mix(own, (255, 255, 255), 0.25),
        lamps=lamps,
        lit_windows=hour.dark >= 0.35,
        day_window=max(0.0, 1 - hour.dark * 1.25) * (0.6 if fixture.grey else 1.0) * (1 - 0.45 * fixture.dim),
    )
