"""From the ratio of a brief to a size that a model is good at, and from there to the plate.

What belongs here: the arithmetic. What does not: the sizes of plates (see `imaging.plate_sizes`).
"""

from __future__ import annotations

import math

from forge_resources.models.catalogue import Architecture, ModelEntry
from forge_resources.schemas.types import AspectRatio

Size = tuple[int, int]


def native_size(model: ModelEntry, architecture: Architecture, aspect_ratio: AspectRatio) -> Size:
    """Width and height in pixels at which a model draws a ratio: its native area, in its multiples.

    Of the sizes around the exact one, that which is nearest to the ratio is taken; of equals the one nearest to the
    area. It never has more than the model's `max_pixels`.
    """
    across, down = map(int, aspect_ratio.split(":"))
    ratio, step = across / down, architecture.multiple
    area = min(model.native_width * model.native_height, model.max_pixels)
    exact = math.sqrt(area * ratio)
    candidates = []
    for columns in range(math.floor(exact / step) - 1, math.ceil(exact / step) + 2):
        for rows in range(math.floor(exact / ratio / step) - 1, math.ceil(exact / ratio / step) + 2):
            width, height = columns * step, rows * step
            if min(width, height) >= step and width * height <= model.max_pixels:
                error = abs(math.log(width / height / ratio))
                candidates.append((round(error + abs(math.log(width * height / area)) / 8, 6), width, height))
    _, width, height = min(candidates)
    return width, height


def crop_box(drawn: Size, plate: Size) -> tuple[float, float, float, float]:
    """The middle part of a drawn picture that has the plate's ratio: left, top, right, bottom in pixels."""
    width, height = drawn
    scale = min(width / plate[0], height / plate[1])
    across, down = plate[0] * scale, plate[1] * scale
    left, top = (width - across) / 2, (height - down) / 2
    return left, top, left + across, top + down
