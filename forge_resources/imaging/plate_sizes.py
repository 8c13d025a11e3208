"""How many pixels a plate has, by aspect ratio.

What belongs here: the sizes all image engines draw at unless their recipe says otherwise. What does not: the sizes of
deliverables (see the delivery profiles).
"""

from __future__ import annotations

from types import MappingProxyType

from forge_resources.schemas.types import AspectRatio

# Every ratio has a long side that a 1080-line master is cut from without scaling up, and about two million pixels.
PLATE_SIZES: MappingProxyType[AspectRatio, tuple[int, int]] = MappingProxyType(
    {"16:9": (1920, 1080), "9:16": (1080, 1920), "1:1": (1440, 1440), "4:5": (1296, 1620)}
)


def plate_size(aspect_ratio: AspectRatio) -> tuple[int, int]:
    """Width and height of a plate in pixels."""
    return PLATE_SIZES[aspect_ratio]
