"""The stage: the canvas seen through the camera, and the pen that draws on planes, boxes and sprites in the set.

What belongs here: turning shapes in metres into graded pixels, depth of field, masks for rim light. What does not:
what the shapes are (see the set, figure and product modules) and light over the finished picture (see finish).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from forge_resources.imaging.drawing import geometry as geo
from forge_resources.imaging.drawing.camera import NEAR, Camera
from forge_resources.imaging.drawing.colour import RGB
from forge_resources.imaging.drawing.geometry import Point, Points
from forge_resources.imaging.drawing.grade import Grade

_SHADOW_RIMS = tuple(1.5 - 0.9 * ring / 19 for ring in range(20))
"""Growth of the nested rims of a contact shadow, the widest first."""

FINE = 2
"""Canvas pixels per pixel of the picture: what is in focus is drawn at twice the size and reduced."""


@dataclass
class Glow:
    """A light for the finishing pass, in pixels of the picture: `pool` lights what it falls on, `bloom` shines."""

    x: float
    y: float
    rx: float
    ry: float
    colour: RGB
    pool: float = 0.0
    bloom: float = 0.0


@dataclass
class Shaft:
    """A beam through the air: four corners in pixels of the picture, and how strong it is."""

    corners: list[Point]
    colour: RGB
    strength: float


@dataclass
class Stage:
    """Canvas, camera and light of one panel."""

    camera: Camera
    grade: Grade
    haze: float
    scale: int = FINE
    glows: list[Glow] = field(default_factory=list)
    shafts: list[Shaft] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._open(Image.new("RGB", (self.camera.width * self.scale, self.camera.height * self.scale)))
        self._mask: ImageDraw.ImageDraw | None = None
        self._box: list[float] = []
        self.tint: tuple[RGB, float] | None = None

    def _open(self, image: Image.Image) -> None:
        self.image = image
        self.opaque = ImageDraw.Draw(image)
        self.glaze = ImageDraw.Draw(image, "RGBA")

    # -- paint ---------------------------------------------------------------------------------------------------

    def fill(self, pixels: Points, colour: RGB, depth: float, alpha: float = 1.0, glow: bool = False) -> None:
        """Fills a polygon given in pixels of the picture."""
        ink = (int(colour[0]), int(colour[1]), int(colour[2])) if glow else self.grade.tone(colour, depth, self.haze)
        flat = (pixels * self.scale).ravel().tolist()
        if alpha >= 0.995:
            self.opaque.polygon(flat, fill=ink)
        else:
            self.glaze.polygon(flat, fill=(*ink, max(0, min(255, int(alpha * 255)))))
        if self._mask is not None and alpha >= 0.5:
            self._mask.polygon(pixels.ravel().tolist(), fill=255)
            low, high = pixels.min(axis=0), pixels.max(axis=0)
            box = self._box
            box[:] = [min(box[0], low[0]), min(box[1], low[1]), max(box[2], high[0]), max(box[3], high[1])]

    def solid(
        self, corners: Iterable[Sequence[float]] | Points, colour: RGB, alpha: float = 1.0, glow: bool = False
    ) -> None:
        """Fills a polygon given in metres of the set, cut off at the lens."""
        p = geo.points(corners)
        h = np.concatenate([p, np.ones((len(p), 1))], axis=1) @ self.camera.matrix.T
        if (h[:, 2] < NEAR).any():
            h = _cut_near(h)
            if len(h) < 3:
                return
        self.fill(h[:, :2] / h[:, 2:], colour, float(h[:, 2].mean()), alpha, glow)

    def box(
        self, x0: float, x1: float, y0: float, y1: float, z0: float, z1: float, colour: RGB,
        top: RGB | None = None, side: RGB | None = None,
    ) -> None:  # fmt: skip
        """A block: its front (z0), and the top, underside and sides that the camera sees."""
        from_x, eye_y, _ = self.camera.position
        dark = side or (colour[0] * 0.80, colour[1] * 0.79, colour[2] * 0.84)
        light = top or tuple(min(255.0, c * 1.08 + 7) for c in colour)
        if eye_y > y1:
            self.solid([(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)], (light[0], light[1], light[2]))
        elif eye_y < y0:
            under = (colour[0] * 0.7, colour[1] * 0.7, colour[2] * 0.76)
            self.solid([(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)], under)
        if from_x < x0:
            self.solid([(x0, y0, z0), (x0, y1, z0), (x0, y1, z1), (x0, y0, z1)], dark)
        if from_x > x1:
            self.solid([(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)], dark)
        self.solid([(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)], colour)

    def upright(self, x: float, z: float, y: float = 0.0, size: float = 1.0, flip: bool = False) -> Pen:
        """A pen on an upright plane facing the viewer; `size` is metres per unit."""
        return Pen(self, (x, y, z), (-size if flip else size, 0.0, 0.0), (0.0, size, 0.0))

    def ground(self, x: float, z: float, y: float = 0.0) -> Pen:
        """A pen on the floor: u to the right, v away from the viewer."""
        return Pen(self, (x, y, z), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))

    def contact(self, x: float, z: float, rx: float, rz: float, strength: float = 0.34, y: float = 0.0) -> None:
        """The soft dark patch under whatever stands there."""
        pen = self.ground(x, z, y + 0.002)
        steps = 40 if pen.pixels * rx > 60 else 20
        rims = [pen.on_picture(geo.ellipse(0, 0, rx * grow, rz * grow, steps=steps)) for grow in _SHADOW_RIMS]
        if len(rims[0]) < 3:
            return
        x0, y0 = (max(int(v) - 2, 0) for v in rims[0].min(axis=0))
        x1, y1 = (
            min(int(v) + 3, limit)
            for v, limit in zip(rims[0].max(axis=0), (self.camera.width, self.camera.height), strict=True)
        )
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        # Worked out small and spread, so that no ring of it shows.
        coarse = max(1.0, (x1 - x0) / 240)
        mask = Image.new("L", (max(2, round((x1 - x0) / coarse)), max(2, round((y1 - y0) / coarse))))
        draw, grid = ImageDraw.Draw(mask), (mask.width / (x1 - x0), mask.height / (y1 - y0))
        for index, rim in enumerate(rims):
            if len(rim) >= 3:
                level = _smooth((index + 1) / len(rims)) * strength * 1.25
                draw.polygon(((rim - (x0, y0)) * grid).ravel().tolist(), fill=min(255, int(level * 255)))
        size = ((x1 - x0) * self.scale, (y1 - y0) * self.scale)
        soft = mask.filter(ImageFilter.GaussianBlur(1.2)).resize(size, Image.Resampling.BILINEAR)
        tone = self.grade.tone((24, 18, 36), pen.depth, self.haze)
        self.image.paste(tone, (x0 * self.scale, y0 * self.scale), soft)

    # -- light ---------------------------------------------------------------------------------------------------

    def shine(
        self, x: float, y: float, z: float, radius: float, colour: RGB, pool: float = 0.0, bloom: float = 0.0,
        flat: float = 1.0,
    ) -> None:  # fmt: skip
        """Notes a light of `radius` metres for the finishing pass; `flat` squeezes it, as on a floor."""
        if self.camera.depth(x, y, z) < NEAR * 2:
            return
        px, py = self.camera.project(x, y, z)
        size = radius * self.camera.pixels_per_metre(z, y)
        self.glows.append(Glow(px, py, size, size * flat, colour, pool, bloom))

    # -- focus and sprites ---------------------------------------------------------------------------------------

    def throw_out_of_focus(self, radius: float) -> None:
        """Blurs all that was drawn so far by `radius` picture pixels, and goes on at full fineness."""
        width, height = self.camera.width, self.camera.height
        small = self.image.reduce(4 * self.scale)
        soft = small.filter(ImageFilter.GaussianBlur(max(radius / 4, 0.6)))
        once = soft.resize((width, height), Image.Resampling.BICUBIC)
        self.scale = FINE
        self._open(once.resize((width * FINE, height * FINE), Image.Resampling.NEAREST))

    @contextmanager
    def sprite(self, side: float, strength: float = 1.0, width: float = 0.03, shadow: float = 1.0) -> Iterator[None]:
        """What is drawn inside gets a rim of light on `side` (+1 right, -1 left) and a soft shadow on the other.

        `width` is the breadth of the shaded band in picture heights.
        """
        size = (self.camera.width, self.camera.height)
        mask = Image.new("L", size)
        outer = (self._mask, self._box)
        self._mask, self._box = ImageDraw.Draw(mask), [1e9, 1e9, -1e9, -1e9]
        try:
            yield
        finally:
            box = self._box
            self._mask, self._box = outer
        x0, y0 = max(int(box[0]) - 2, 0), max(int(box[1]) - 2, 0)
        x1, y1 = min(int(box[2]) + 3, size[0]), min(int(box[3]) + 3, size[1])
        if x1 - x0 > 3 and y1 - y0 > 3:
            self._model(mask.crop((x0, y0, x1, y1)), (x0, y0), side, strength, width, shadow)

    def _model(
        self, mask: Image.Image, corner: tuple[int, int], side: float, strength: float, width: float, shadow: float
    ) -> None:
        grade, scale = self.grade, self.scale
        target = (mask.width * scale, mask.height * scale)
        at = (corner[0] * scale, corner[1] * scale)
        band = max(3.0, width * self.camera.height)
        lit = 1 if side >= 0 else -1
        if shadow > 0:
            small = mask.reduce(4)
            step = int(lit * band / 4) or lit
            moved = _blank_wrapped(ImageChops.offset(small, step, 0), step)
            moved = moved.filter(ImageFilter.GaussianBlur(band / 7))
            amount = grade.light.contrast * 0.95 * shadow
            dark = ImageChops.subtract(small, moved).point([int(i * amount) for i in range(256)])
            dark = ImageChops.multiply(dark.resize(mask.size, Image.Resampling.BILINEAR), mask)
            tone = tuple(int(c * 0.5) for c in grade.tone((70, 52, 92), 0, 0))
            self.image.paste(tone, at, dark.resize(target, Image.Resampling.NEAREST))
        rim = grade.light.rim * strength
        if rim > 0.05:
            self._rim(mask, at, band, lit, rim)

    def _rim(self, mask: Image.Image, at: tuple[int, int], band: float, lit: int, rim: float) -> None:
        """Light along the edges that face it; from both sides where the light is behind or there are two of them."""
        light = self.grade.light
        sides = (lit, -lit) if light.neon or light.behind else (lit,)
        # Large sprites are edged at half size: the rim is soft anyway, and blurring is what costs.
        halves = 2 if mask.width * mask.height > 400_000 else 1
        small = mask.reduce(halves) if halves > 1 else mask
        edges = []
        for which in sides:
            step = max(1, int(band * (0.20 if which == lit else 0.12) / halves))
            moved = _blank_wrapped(ImageChops.offset(small, -which * step, max(1, step // 3)), -which * step)
            edge = ImageChops.subtract(small, moved).filter(ImageFilter.GaussianBlur(max(0.6 / halves, step / 4)))
            edges.append((which, edge))
        if light.behind and not light.neon:
            edges = [(lit, ImageChops.lighter(edges[0][1], edges[1][1]))]
        table = [int(min(255, i * rim)) for i in range(256)]
        target = (mask.width * self.scale, mask.height * self.scale)
        for which, edge in edges:
            full = edge.resize(mask.size, Image.Resampling.BILINEAR) if halves > 1 else edge
            full = ImageChops.multiply(full, mask).point(table)
            self.image.paste(_rim_colour(self.grade, which), at, full.resize(target, Image.Resampling.NEAREST))


def _rim_colour(grade: Grade, which: int) -> tuple[int, int, int]:
    if grade.light.neon:
        return (255, 92, 196) if which > 0 else (84, 216, 255)
    return (int(grade.rim[0]), int(grade.rim[1]), int(grade.rim[2]))


def _blank_wrapped(image: Image.Image, dx: int) -> Image.Image:
    """Clears the columns that an offset brought round from the other side."""
    if dx > 0:
        image.paste(0, (0, 0, min(dx, image.width), image.height))
    elif dx < 0:
        image.paste(0, (max(image.width + dx, 0), 0, image.width, image.height))
    return image


def _smooth(t: float) -> float:
    """Eases 0-1 in and out."""
    return t * t * (3 - 2 * t)


def _cut_near(h: Points) -> Points:
    """Cuts a polygon of homogeneous points off where it comes closer than NEAR."""
    kept: list[Points] = []
    for here, there in zip(h, np.roll(h, -1, axis=0), strict=True):
        if here[2] >= NEAR:
            kept.append(here)
        if (here[2] >= NEAR) != (there[2] >= NEAR):
            kept.append(here + (there - here) * ((NEAR - here[2]) / (there[2] - here[2])))
    return np.array(kept) if kept else np.empty((0, 3))


Vector = tuple[float, float, float]


class Pen:
    """Draws on one plane of the set, in units of that plane."""

    def __init__(self, stage: Stage, origin: Vector, u: Vector, v: Vector) -> None:
        self.stage, self.origin, self.u, self.v = stage, origin, u, v
        matrix = stage.camera.matrix
        basis = np.array([[u[0], v[0], origin[0]], [u[1], v[1], origin[1]], [u[2], v[2], origin[2]], [0, 0, 1]])
        self._plane = (matrix @ basis).T
        self.depth = float(self._plane[2][2])
        self._faces_lens = self.depth >= NEAR
        metre = (u[0] ** 2 + u[1] ** 2 + u[2] ** 2) ** 0.5
        self.pixels = stage.camera.pixels_per_metre(origin[2], origin[1]) * metre if self._faces_lens else 0.0
        """Picture pixels per unit, for choosing how much detail is worth drawing."""

    def at(self, x: float, y: float, size: float = 1.0, turn: float = 0.0, flip: bool = False) -> Pen:
        """A pen on the same plane with its origin at (x, y), turned against the clock and scaled."""
        o = tuple(self.origin[i] + self.u[i] * x + self.v[i] * y for i in range(3))
        c, s = np.cos(np.radians(turn)) * size, np.sin(np.radians(turn)) * size
        u = tuple(float((self.u[i] * c + self.v[i] * s) * (-1 if flip else 1)) for i in range(3))
        v = tuple(float(self.v[i] * c - self.u[i] * s) for i in range(3))
        return Pen(self.stage, (o[0], o[1], o[2]), (u[0], u[1], u[2]), (v[0], v[1], v[2]))

    def pixel(self, x: float, y: float) -> Point:
        """A point of the plane in pixels of the picture."""
        h = np.array([x, y, 1.0]) @ self._plane
        return (float(h[0] / max(h[2], NEAR)), float(h[1] / max(h[2], NEAR)))

    def on_picture(self, shape: Points) -> Points:
        """An outline of the plane in pixels of the picture, cut off at the lens; empty where nothing is left."""
        h = shape @ self._plane[:2] + self._plane[2]
        if h[:, 2].min() < NEAR:
            h = _cut_near(h)
        return np.asarray(h[:, :2] / h[:, 2:]) if len(h) >= 3 else np.empty((0, 2))

    def poly(
        self, shape: Iterable[Sequence[float]] | Points, colour: RGB, alpha: float = 1.0, glow: bool = False
    ) -> None:
        pixels = self.on_picture(geo.points(shape))
        if len(pixels):
            self.stage.fill(pixels, colour, self.depth, alpha, glow)

    def _curve_steps(self, corners: Points, steps: int) -> int:
        """Points per corner of a curve: more where it is large in the picture."""
        span = float(np.ptp(corners, axis=0).max()) * self.pixels
        return steps if span < 160 else max(steps, 8) if span < 400 else max(steps, 14)

    def blob(
        self, shape: Iterable[Sequence[float]], colour: RGB, alpha: float = 1.0, glow: bool = False, steps: int = 6
    ) -> None:
        """A closed smooth curve through the points."""
        corners = geo.points(shape)
        self.poly(geo.closed_curve(corners, self._curve_steps(corners, steps)), colour, alpha, glow)

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: RGB, alpha: float = 1.0, glow: bool = False,
        turn: float = 0.0, steps: int = 32,
    ) -> None:  # fmt: skip
        # Corners of a polygon stay below half a pixel; in steps of eight, so that few circles are worked out.
        needed = 8 * math.ceil(0.44 * (max(rx, ry) * self.pixels) ** 0.5)
        self.poly(geo.ellipse(x, y, rx, ry, turn, max(steps, min(needed, 160))), colour, alpha, glow)

    def rect(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        colour: RGB,
        radius: float = 0.0,
        alpha: float = 1.0,
        glow: bool = False,
    ) -> None:
        shape = geo.rounded_rectangle(x0, y0, x1, y1, radius) if radius else [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        self.poly(shape, colour, alpha, glow)

    def limb(self, joints: Sequence[tuple[float, float, float]], colour: RGB, alpha: float = 1.0) -> None:
        """A chain of tapered bones: (x, y, radius) per joint."""
        for a, b in itertools.pairwise(joints):
            steps = 9 if max(a[2], b[2]) * self.pixels < 24 else 21
            self.poly(geo.tapered((a[0], a[1]), a[2], (b[0], b[1]), b[2], steps), colour, alpha)

    def line(
        self, path: Iterable[Sequence[float]], width: float | Sequence[float], colour: RGB, alpha: float = 1.0,
        smooth: bool = False, glow: bool = False,
    ) -> None:  # fmt: skip
        """A stroke of constant or varying width along a path."""
        p = geo.points(path)
        if smooth:
            p = geo.open_curve(p, self._curve_steps(p, 6))
        widths = [width] if isinstance(width, int | float) else width
        along = np.interp(np.linspace(0, 1, len(p)), np.linspace(0, 1, len(widths)), widths)
        self.poly(geo.ribbon(p, along), colour, alpha, glow)


Draw = Callable[[], None]
