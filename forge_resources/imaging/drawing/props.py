"""Props: small things in hands, on tables, on floors. Drawn in metres on an upright plane, foot at (0, 0).

What belongs here: the twenty-four props and where each one belongs. What does not: products, furniture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from forge_resources.imaging.drawing import animals
from forge_resources.imaging.drawing import geometry as geo
from forge_resources.imaging.drawing.colour import RGB, mix, shade
from forge_resources.imaging.drawing.durables import bicycle, headphones
from forge_resources.imaging.drawing.furniture import lamp_shade, plant
from forge_resources.imaging.drawing.livery import Livery
from forge_resources.imaging.drawing.scene import Scene
from forge_resources.imaging.drawing.stage import Pen


@dataclass(frozen=True)
class Prop:
    """`place` is table, floor or hand (a table will do where there is none); sizes in metres."""

    place: str
    height: float
    width: float
    draw: Callable[[Pen, Scene, RGB], None]


def _clock(pen: Pen, scene: Scene, tone: RGB) -> None:
    for x in (-0.035, 0.035):
        pen.line([(x, 0.02), (x * 1.5, 0.0)], 0.012, shade(tone, 0.3))
        pen.oval(x, 0.145, 0.027, 0.022, shade(tone, 0.1), steps=16)
    pen.oval(0, 0.075, 0.072, 0.072, tone)
    pen.oval(0, 0.075, 0.057, 0.057, (252, 250, 244), glow=scene.grade.light.screen)
    for i in range(12):
        p = geo.arc(0, 0.075, 0.048, 0.048, i * 30, i * 30, 1)[0]
        pen.oval(p[0], p[1], 0.003, 0.003, (70, 66, 70), steps=8)
    pen.line([(0, 0.075), (0, 0.115)], 0.006, (44, 42, 48))
    pen.line([(0, 0.075), (-0.024, 0.062)], 0.008, (44, 42, 48))


def _phone(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.rect(-0.036, 0, 0.036, 0.15, (30, 30, 38), 0.010)
    pen.rect(-0.032, 0.005, 0.032, 0.145, mix(tone, (220, 240, 255), 0.6), 0.008, glow=True)
    pen.rect(-0.026, 0.09, 0.026, 0.135, mix(tone, (255, 255, 255), 0.2), 0.006, glow=True)
    for y in (0.07, 0.05, 0.03):
        pen.rect(-0.026, y, 0.014, y + 0.009, mix(tone, (255, 255, 255), 0.75), 0.004, glow=True)


def _laptop(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.poly([(-0.17, 0.0), (0.17, 0.0), (0.165, 0.02), (-0.165, 0.02)], (150, 156, 166))
    pen.poly([(-0.155, 0.02), (0.155, 0.02), (0.165, 0.235), (-0.145, 0.235)], (64, 68, 78))
    pen.poly([(-0.145, 0.032), (0.145, 0.032), (0.154, 0.225), (-0.135, 0.225)], (206, 228, 244), glow=True)
    pen.poly([(-0.138, 0.15), (0.0, 0.15), (0.005, 0.215), (-0.134, 0.215)], mix(tone, (255, 255, 255), 0.3), glow=True)
    for y in (0.125, 0.10, 0.075):
        pen.rect(-0.13, y, 0.03, y + 0.011, (160, 182, 204), glow=True)
    pen.rect(0.05, 0.06, 0.135, 0.2, mix(tone, (255, 255, 255), 0.6), glow=True)


def _mug(pen: Pen, scene: Scene, tone: RGB) -> None:
    mug(pen, tone, True)


def mug(pen: Pen, tone: RGB, steaming: bool) -> None:
    """A mug, 0.1 m tall."""
    pen.line(geo.arc(0.038, 0.05, 0.026, 0.026, -95, 95, 12), 0.011, shade(tone, 0.15))
    pen.rect(-0.042, 0.0, 0.042, 0.098, tone, 0.012)
    pen.rect(0.015, 0.002, 0.041, 0.092, shade(tone, 0.2), 0.008, alpha=0.6)
    pen.oval(0, 0.097, 0.042, 0.009, shade(tone, -0.35), steps=20)
    pen.oval(0, 0.096, 0.036, 0.0065, (96, 62, 44), steps=20)
    if steaming:
        for x in (-0.012, 0.014):
            pen.line(
                [(x, 0.12), (x + 0.012, 0.15), (x - 0.006, 0.18), (x + 0.008, 0.21)],
                [0.002, 0.009, 0.002],
                (255, 255, 255),
                alpha=0.35,
                smooth=True,
            )


def _book(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.poly([(-0.12, 0.0), (0.12, 0.0), (0.13, 0.025), (-0.11, 0.025)], tone)
    pen.poly([(-0.105, 0.006), (0.125, 0.006), (0.128, 0.02), (-0.105, 0.02)], (246, 240, 226))
    pen.poly([(-0.10, 0.028), (0.10, 0.028), (0.11, 0.058), (-0.09, 0.058)], scene.paints.accent)
    pen.poly([(-0.09, 0.034), (0.105, 0.034), (0.108, 0.052), (-0.085, 0.052)], (246, 240, 226))


def open_book(pen: Pen, tone: RGB) -> None:
    """A book held open, seen from outside; its spine is at the origin."""
    pen.blob([(0.0, -0.03), (-0.15, 0.0), (-0.165, 0.19), (0.0, 0.17)], shade(tone, 0.12), steps=4)
    pen.blob([(0.0, -0.03), (0.14, 0.02), (0.15, 0.21), (0.0, 0.17)], tone, steps=4)
    pen.poly(
        [(-0.155, 0.19), (-0.145, 0.205), (0.0, 0.185), (0.14, 0.225), (0.145, 0.21), (0.0, 0.17)], (250, 246, 236)
    )
    pen.line([(0, -0.03), (0, 0.17)], 0.012, shade(tone, 0.3))
    pen.oval(0.072, 0.11, 0.03, 0.03, mix(tone, (255, 248, 232), 0.6), steps=18)


def _bag(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.line(geo.arc(0, 0.24, 0.09, 0.13, 0, 180, 14), 0.022, shade(tone, 0.3))
    pen.blob(
        [(-0.19, 0.02), (-0.2, 0.16), (-0.16, 0.27), (0.16, 0.27), (0.2, 0.16), (0.19, 0.02), (0.1, 0.0), (-0.1, 0.0)],
        tone,
    )
    pen.rect(-0.12, 0.05, 0.12, 0.16, shade(tone, 0.14), 0.02)
    pen.line([(-0.17, 0.22), (0.17, 0.22)], 0.009, shade(tone, 0.3))


def _bicycle_prop(pen: Pen, scene: Scene, tone: RGB) -> None:
    bicycle(pen.at(0, 0, 1.04), Livery(tone, scene.paints.wood, (250, 248, 244), False))


def _plant(pen: Pen, scene: Scene, tone: RGB) -> None:
    x, y, z = pen.origin
    plant(scene, x, z, y, 0.36, scene.rng, 0)


def _lamp(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.oval(0, 0.012, 0.07, 0.014, shade(tone, 0.3), steps=20)
    pen.blob([(-0.05, 0.02), (-0.065, 0.09), (-0.02, 0.18), (0.02, 0.18), (0.065, 0.09), (0.05, 0.02)], tone)
    lamp_shade(scene, pen.at(0, 0.19), 0.12, 0.17)
    if scene.grade.lamps:
        x, y, z = pen.origin
        scene.stage.shine(x, y + 0.27, z, 0.9, (255, 200, 126), pool=0.45, bloom=0.3)


def _bowl(pen: Pen, scene: Scene, tone: RGB) -> None:
    for x, y, c in ((-0.05, 0.085, (214, 84, 64)), (0.01, 0.095, (236, 176, 76)), (0.06, 0.085, (150, 176, 82))):
        pen.oval(x, y, 0.038, 0.036, c, steps=18)
    pen.blob(
        [(-0.12, 0.085), (-0.10, 0.03), (-0.05, 0.0), (0.05, 0.0), (0.10, 0.03), (0.12, 0.085), (0.0, 0.075)], tone
    )


def _toy(pen: Pen, scene: Scene, tone: RGB) -> None:
    fur, light = (196, 146, 98), (232, 202, 164)
    for x in (-0.055, 0.055):
        pen.oval(x, 0.30, 0.034, 0.034, fur, steps=18)
        pen.oval(x, 0.30, 0.018, 0.018, light, steps=14)
        pen.limb([(x * 1.1, 0.16, 0.035), (x * 2.1, 0.10, 0.03)], shade(fur, 0.1))
        pen.limb([(x, 0.05, 0.045), (x * 1.9, 0.025, 0.04)], fur)
    pen.oval(0, 0.115, 0.085, 0.105, fur)
    pen.oval(0, 0.11, 0.052, 0.066, light)
    pen.oval(0, 0.245, 0.078, 0.07, fur)
    pen.oval(0, 0.225, 0.036, 0.028, light, steps=18)
    pen.oval(0, 0.235, 0.012, 0.009, (50, 36, 34), steps=12)
    for x in (-0.028, 0.028):
        pen.oval(x, 0.262, 0.008, 0.009, (40, 30, 32), steps=10)
    pen.blob([(0, 0.175), (-0.05, 0.195), (-0.05, 0.155), (0, 0.172), (0.05, 0.155), (0.05, 0.195)], tone)


def _headphones_prop(pen: Pen, scene: Scene, tone: RGB) -> None:
    headphones(pen.at(0, 0, 0.19), Livery(tone, scene.paints.accent, (250, 248, 244), False))


def _shopping_bag(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.line(geo.arc(0, 0.36, 0.06, 0.10, 0, 180, 12), 0.010, shade(tone, 0.35))
    for x, h, c in ((-0.07, 0.47, (112, 156, 92)), (0.02, 0.44, (226, 182, 110)), (0.09, 0.42, (206, 92, 70))):
        pen.blob([(x - 0.05, 0.34), (x - 0.04, h - 0.03), (x, h), (x + 0.05, h - 0.04), (x + 0.05, 0.34)], c)
    pen.poly([(-0.15, 0.38), (0.15, 0.38), (0.135, 0.0), (-0.135, 0.0)], tone)
    pen.poly([(0.06, 0.38), (0.15, 0.38), (0.135, 0.0), (0.06, 0.0)], shade(tone, 0.16))
    pen.oval(-0.03, 0.18, 0.055, 0.055, mix(tone, (255, 250, 240), 0.55))


def _umbrella(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.line([(0.0, 0.0), (0.0, 1.0)], 0.014, (70, 62, 60))
    pen.line([(0, 0.0), (0.0, -0.04), (0.035, -0.06), (0.06, -0.03)], 0.018, (120, 84, 60), smooth=True)
    rib = [(-0.52, 0.74), (-0.40, 0.94), (-0.18, 1.06), (0, 1.09), (0.18, 1.06), (0.40, 0.94), (0.52, 0.74)]
    pen.poly(
        [*geo.open_curve(rib).tolist(), (0.35, 0.79), (0.18, 0.74), (0.0, 0.79), (-0.18, 0.74), (-0.35, 0.79)], tone
    )
    pen.poly(
        [
            *geo.open_curve([(0, 1.09), (0.12, 0.95), (0.18, 0.74)]).tolist(),
            (0.0, 0.79),
            *geo.open_curve([(-0.18, 0.74), (-0.12, 0.95), (0, 1.09)]).tolist(),
        ],
        shade(tone, -0.18),
    )
    pen.line([(0, 1.08), (0, 1.14)], 0.014, (70, 62, 60))


def _plate(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.blob([(-0.14, 0.028), (-0.09, 0.004), (0.09, 0.004), (0.14, 0.028)], (246, 244, 240), steps=4)
    pen.oval(0, 0.027, 0.14, 0.014, (252, 251, 248), steps=28)
    for x, h, c in ((-0.05, 0.05, (124, 158, 84)), (0.0, 0.065, (214, 150, 84)), (0.05, 0.05, (206, 92, 70))):
        pen.blob([(x - 0.045, 0.025), (x - 0.03, h), (x + 0.02, h + 0.008), (x + 0.045, 0.025)], c)


def _suitcase(pen: Pen, scene: Scene, tone: RGB) -> None:
    for x in (-0.10, 0.10):
        pen.line([(x, 0.62), (x, 0.86)], 0.014, (150, 154, 160))
        pen.oval(x * 1.5, 0.025, 0.028, 0.028, (44, 44, 50), steps=14)
    pen.rect(-0.11, 0.85, 0.11, 0.885, (60, 60, 66), 0.012)
    pen.rect(-0.22, 0.04, 0.22, 0.64, tone, 0.05)
    for x in (-0.13, -0.045, 0.04, 0.125):
        pen.rect(x - 0.008, 0.08, x + 0.008, 0.60, shade(tone, 0.2), 0.006)
    pen.rect(-0.06, 0.60, 0.06, 0.655, (60, 60, 66), 0.015)


def _ball(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.oval(0, 0.12, 0.12, 0.12, tone)
    pen.blob(
        [(-0.09, 0.2), (-0.02, 0.12), (-0.05, 0.03), (-0.10, 0.06), (-0.12, 0.12)], mix(tone, (255, 252, 246), 0.75)
    )
    pen.blob([(0.06, 0.225), (0.04, 0.12), (0.08, 0.03), (0.115, 0.10), (0.10, 0.18)], scene.paints.accent)


def _papers(pen: Pen, scene: Scene, tone: RGB) -> None:
    for i, (dx, lean) in enumerate(((0.0, 0.0), (0.015, 0.01), (-0.02, -0.008))):
        y = i * 0.008
        pen.poly(
            [(-0.13 + dx, y), (0.12 + dx, y + lean * 0.3), (0.15 + dx, y + 0.03), (-0.10 + dx, y + 0.026)],
            mix((250, 248, 242), (190, 196, 206), 0.12 * (2 - i)),
        )
    for k in range(3):
        pen.line([(-0.07, 0.024 + k * 0.006), (0.07, 0.025 + k * 0.006)], 0.0025, (150, 156, 168))


def _key(pen: Pen, scene: Scene, tone: RGB) -> None:
    brass = (206, 164, 84)
    ring = geo.ellipse(-0.03, 0.03, 0.026, 0.026, steps=24)
    pen.line([*ring.tolist(), ring[0].tolist()], 0.012, brass)
    pen.line([(-0.005, 0.03), (0.075, 0.03)], 0.011, brass)
    for x in (0.05, 0.068):
        pen.line([(x, 0.03), (x, 0.008)], 0.010, brass)
    pen.blob([(-0.075, 0.04), (-0.06, 0.055), (-0.05, 0.02), (-0.065, -0.0), (-0.085, 0.01)], tone)


def _glasses(pen: Pen, scene: Scene, tone: RGB) -> None:
    for x in (-0.036, 0.036):
        ring = geo.ellipse(x, 0.026, 0.030, 0.025, steps=24)
        pen.poly(ring, (220, 236, 244), alpha=0.5)
        pen.line([*ring.tolist(), ring[0].tolist()], 0.007, shade(tone, 0.4))
    pen.line([(-0.008, 0.034), (0.008, 0.034)], 0.006, shade(tone, 0.4))
    pen.line([(0.066, 0.034), (0.12, 0.014)], 0.006, shade(tone, 0.4))


def _flowers(pen: Pen, scene: Scene, tone: RGB) -> None:
    glass = mix(tone, (226, 238, 242), 0.6)
    for x, y in ((-0.09, 0.34), (-0.035, 0.41), (0.03, 0.38), (0.09, 0.33), (0.0, 0.32)):
        pen.line([(0, 0.12), (x * 0.5, 0.22), (x, y)], 0.008, (92, 136, 84), smooth=True)
    for x, y in ((-0.06, 0.25), (0.06, 0.26)):
        pen.blob([(0, 0.17), (x * 0.6, y), (x * 1.6, y + 0.02), (x, y - 0.05)], (92, 142, 88))
    for i, (x, y) in enumerate(((-0.09, 0.35), (-0.035, 0.42), (0.03, 0.39), (0.09, 0.34), (0.0, 0.33))):
        petal = (scene.paints.accent, scene.paints.primary, (240, 128, 128), (250, 236, 214), (232, 170, 90))[i]
        for a in range(0, 360, 72):
            p = geo.arc(x, y, 0.026, 0.026, a, a, 1)[0]
            pen.oval(p[0], p[1], 0.022, 0.022, petal, steps=12)
        pen.oval(x, y, 0.015, 0.015, (246, 204, 96), steps=12)
    pen.blob([(-0.045, 0.18), (-0.055, 0.05), (-0.04, 0.0), (0.04, 0.0), (0.055, 0.05), (0.045, 0.18)], glass, steps=4)


def _cushion(pen: Pen, scene: Scene, tone: RGB) -> None:
    pen.blob(
        [(-0.22, 0.02), (-0.18, 0.17), (-0.2, 0.34), (0.0, 0.31), (0.2, 0.34), (0.18, 0.17), (0.22, 0.02), (0.0, 0.03)],
        tone,
        steps=5,
    )
    pen.line([(-0.12, 0.26), (0.10, 0.08)], [0.004, 0.012, 0.004], shade(tone, 0.18))
    pen.line([(0.12, 0.26), (-0.08, 0.10)], [0.004, 0.012, 0.004], shade(tone, -0.3))


def _dog(pen: Pen, scene: Scene, tone: RGB) -> None:
    animals.dog(pen, scene.rng.choice([(206, 158, 104), (92, 70, 58), (232, 220, 204), (150, 110, 76)]), tone)


def _cat(pen: Pen, scene: Scene, tone: RGB) -> None:
    animals.cat(pen, scene.rng.choice([(228, 156, 88), (72, 70, 78), (230, 222, 212), (150, 140, 134)]), tone)


PROPS: dict[str, Prop] = {
    "alarm-clock": Prop("table", 0.17, 0.16, _clock), "phone": Prop("table", 0.15, 0.08, _phone),
        "laptop": Prop("table", 0.24, 0.36, _laptop),
    "mug": Prop("table", 0.1, 0.12, _mug), "book": Prop("table", 0.06, 0.26, _book),
        "bag": Prop("floor", 0.38, 0.42, _bag),
    "bicycle": Prop("floor", 1.05, 1.8, _bicycle_prop), "plant": Prop("table", 0.36, 0.3, _plant),
        "lamp": Prop("table", 0.36, 0.26, _lamp),
    "bowl": Prop("table", 0.13, 0.25, _bowl), "toy": Prop("floor", 0.34, 0.26, _toy),
        "headphones": Prop("table", 0.2, 0.2, _headphones_prop),
    "shopping-bag": Prop("floor", 0.47, 0.32, _shopping_bag), "umbrella": Prop("hand", 1.15, 1.05, _umbrella),
        "plate": Prop("table", 0.07, 0.3, _plate),
    "suitcase": Prop("floor", 0.88, 0.46, _suitcase), "ball": Prop("floor", 0.24, 0.26, _ball),
        "dog": Prop("floor", 0.62, 0.8, _dog),
    "cat": Prop("floor", 0.42, 0.42, _cat), "papers": Prop("table", 0.05, 0.3, _papers),
        "key": Prop("table", 0.06, 0.16, _key),
    "glasses": Prop("table", 0.055, 0.2, _glasses), "flowers": Prop("table", 0.44, 0.26, _flowers),
        "cushion": Prop("floor", 0.33, 0.46, _cushion),
}  # fmt: skip
