"""The finishing pass: pools of light, bloom, shafts, fall-off and vignette over the finished panel.

Light is worked out on a small grid and laid over the picture, so that it costs little at any size. What belongs here:
operations on the whole picture. What does not: anything with an outline.
"""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from forge_resources.imaging.drawing.colour import RGB
from forge_resources.imaging.drawing.geometry import Points
from forge_resources.imaging.drawing.stage import FINE, Stage

_GRAIN = 8
_CELL = 8
"""Picture pixels per cell of the light grid."""


def finish(stage: Stage, light_from: int, indoors: bool) -> Image.Image:
    """The panel at its final size, lit. Direct light comes from the side `light_from` of the picture (+1 right)."""
    picture = stage.image.reduce(FINE)
    width, height = picture.size
    columns, rows = width // _CELL, height // _CELL
    xs: Points = (np.arange(columns, dtype=np.float64) + 0.5) * _CELL
    ys: Points = (np.arange(rows, dtype=np.float64) + 0.5) * _CELL
    pools, bloom = np.zeros((rows, columns, 3)), np.zeros((rows, columns, 3))
    for glow in stage.glows:
        if glow.rx < 2 or glow.ry < 1:
            continue
        across, down = ((xs - glow.x) / glow.rx) ** 2, ((ys - glow.y) / glow.ry) ** 2
        near_x, near_y = across < 6, down < 6
        if not near_x.any() or not near_y.any():
            continue
        fall = np.exp(-1.6 * (down[near_y][:, None] + across[near_x][None, :]))[:, :, None]
        tint = np.asarray(glow.colour) / 255
        place = np.ix_(near_y, near_x)
        if glow.pool:
            pools[place] += fall * tint * glow.pool
        if glow.bloom:
            bloom[place] += fall * tint * glow.bloom
    if stage.shafts:
        bloom += _shafts(stage, columns, rows)
    # A lamp adds little to a room that is already bright.
    pools *= min(1.0, max(0.22, 1.3 - sum(stage.grade.ambient) / 3))
    pools, bloom = 0.75 * (1 - np.exp(-pools / 0.75)), 0.50 * (1 - np.exp(-bloom / 0.50))
    if pools.max() > 0.01:
        picture = ImageChops.add(picture, ImageChops.multiply(picture, _spread(pools, picture.size)))
    if bloom.max() > 0.01:
        picture = ImageChops.screen(picture, _spread(bloom, picture.size))
    picture = ImageChops.multiply(picture, _spread(_fall_off(stage, xs, ys, light_from, indoors), picture.size))
    return ImageChops.add(picture, _grain(picture.size), 1, -_GRAIN)


@lru_cache(maxsize=4)
def _grain(size: tuple[int, int]) -> Image.Image:
    """Paper grain around the level `_GRAIN`, the same for every panel; it also hides the steps of gradients."""
    steps = bytes(
        _GRAIN + (-2 if i < 10 else -1 if i < 76 else 0 if i < 180 else 1 if i < 246 else 2) for i in range(256)
    )
    tile = Image.frombytes("L", (512, 512), random.Random("grain").randbytes(512 * 512).translate(steps))
    sheet = Image.new("L", size)
    for x in range(0, size[0], 512):
        for y in range(0, size[1], 512):
            sheet.paste(tile, (x, y))
    return Image.merge("RGB", (sheet, sheet, sheet))


def _spread(grid: Points, size: tuple[int, int]) -> Image.Image:
    small = Image.fromarray((np.clip(grid, 0, 1) * 255 + 0.5).astype(np.uint8))
    return small.resize(size, Image.Resampling.BILINEAR)


def _shafts(stage: Stage, columns: int, rows: int) -> Points:
    light = np.zeros((rows, columns, 3))
    for shaft in stage.shafts:
        mask = Image.new("L", (columns, rows))
        ImageDraw.Draw(mask).polygon([(x / _CELL, y / _CELL) for x, y in shaft.corners], fill=255)
        soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(max(columns, rows) / 70)), dtype=np.float64) / 255
        light += soft[:, :, None] * (np.asarray(shaft.colour) / 255) * shaft.strength
    return light


def _fall_off(stage: Stage, xs: Points, ys: Points, light_from: int, indoors: bool) -> Points:
    """Darker corners, tinted by the hour, and darker away from the light."""
    grade = stage.grade
    width, height = stage.camera.width, stage.camera.height
    u, v = (xs / width - 0.5) * 2, (ys / height - 0.5) * 2
    corner = np.clip((u[None, :] ** 2 * 0.72 + v[:, None] ** 2 * 0.60 - 0.34) / 1.0, 0, 1) ** 1.25
    dim = grade.light.lamps or grade.light.screen or grade.light.candle
    deep = 0.18 + 0.10 * grade.hour.dark + (0.08 if dim else 0.0)
    away = (
        np.clip(0.5 - light_from * u[None, :] * 0.5, 0, 1) * (0.16 if indoors else 0.05) * (0.4 + grade.light.contrast)
    )
    low = np.clip((v[:, None] - 0.35) / 0.65, 0, 1) * 0.10
    dark = np.clip(corner * deep * 1.6 + away + low, 0, 0.72)
    tint: RGB = (0.92, 1.0, 0.78) if grade.hour.dark > 0.35 else (0.86, 0.94, 0.80)
    return np.asarray(1 - dark[:, :, None] * np.asarray(tint))
