"""Whether the type of a spot can be read in the finished picture: contrast as decoded, height, hold, safe area.

What belongs here: measuring in decoded frames. What does not: setting type (see `type_plates`) or the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from forge_resources.editing.cut import Cut, Lettering
from forge_resources.editing.inspection.expectation import InspectionParameters
from forge_resources.editing.inspection.viewing import Frames, Viewing
from forge_resources.editing.timing import legal_hold_s
from forge_resources.editing.type_plates import Placed, place_caption, place_legal, place_super
from forge_resources.schemas.quality import QualityFinding, TypeFigures

_CORE = 250
_RING = 0.16
"""The ground of letters is measured this far around them, in em."""
_SAFE_SLACK = 2


@dataclass(frozen=True)
class Looked:
    """A piece of type in the picture: where, when, and how it reads."""

    item: Lettering
    placed: Placed | None
    frame: int
    figures: TypeFigures


def still_frames(cut: Cut, wanted: InspectionParameters) -> dict[int, Lettering]:
    """The frame of the file in the middle of each piece of type, when it is fully there."""
    found = {}
    for item in cut.lettering:
        first, last = item.first + item.note.fade_in, item.first + item.frames - item.note.fade_out - 1
        found[wanted.first_frame + (first + max(first, last)) // 2] = item
    return found


def look(seen: Viewing, cut: Cut, wanted: InspectionParameters) -> list[Looked]:
    """Measures every piece of super and legal text in its own frame."""
    found = []
    for frame, item in still_frames(cut, wanted).items():
        placed = _placed(item, cut)
        contrast = height = None
        if placed is not None and frame in seen.stills:
            contrast = _contrast(seen.stills[frame], placed, cut)
            height = round(_line_height(placed) / wanted.size.height, 4)
        figures = TypeFigures(
            role=item.note.role,
            text=" / ".join(item.note.text)[:400],
            at_s=wanted.seconds(frame),
            contrast=None if contrast is None else round(contrast, 2),
            height=height,
        )
        found.append(Looked(item, placed, frame, figures))
    return found


def type_findings(looked: Sequence[Looked], cut: Cut, wanted: InspectionParameters) -> Iterator[QualityFinding]:
    """What cannot be read, is too small, is gone too soon, or stands outside the safe area."""
    limits = wanted.limits.type
    for each in looked:
        note, figures = each.item.note, each.figures
        if figures.contrast is not None and figures.contrast < limits.contrast:
            told = f"contrast of {figures.contrast:.1f}:1 with what is under it; {limits.contrast:g}:1 is the least"
            yield _fault(note.role, told, figures.at_s)
        if each.placed is not None:
            yield from _safe_findings(each.placed, wanted, note.role, figures.at_s)
        if note.role != "legal":
            continue
        if figures.height is not None and figures.height < limits.legal_height:
            told = f"letters are {figures.height:.1%} of the picture's height; {limits.legal_height:.0%} is the least"
            yield _fault("legal", told, figures.at_s)
        held = (each.item.frames - note.fade_in - note.fade_out) / float(wanted.fps)
        needed = float(legal_hold_s(note.text))
        if held + 0.5 / float(wanted.fps) < needed:
            yield _fault("legal", f"held for {held:.2f} s; its words need {needed:.2f} s", figures.at_s)


def _placed(item: Lettering, cut: Cut) -> Placed | None:
    if item.note.role == "super":
        return place_super(item.note, cut.note)
    if item.note.role == "caption":
        return place_caption(item.note.text, cut.note)
    return place_legal(item.note.text, cut.note) if item.note.role == "legal" else None


def _contrast(still: Frames, placed: Placed, cut: Cut) -> float:
    """Contrast ratio of the letters' own pixels with those around them, at its worst over stretches of the line."""
    import cv2

    mask = np.asarray(placed.block.mask(cut.note.size, placed.left, placed.baseline))
    reach = max(2, round(_RING * placed.block.size))
    around = np.asarray(cv2.dilate(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)))
    near = np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)))
    light = _luminance(still)
    letters, ground = mask >= _CORE, (around > 0) & (near == 0)
    worst = np.inf
    columns = np.flatnonzero(letters.any(axis=0))
    if not len(columns):
        return 1.0
    for stretch in np.array_split(np.arange(columns[0], columns[-1] + 1), 4):
        inside, outside = light[:, stretch][letters[:, stretch]], light[:, stretch][ground[:, stretch]]
        if len(inside) < 12 or len(outside) < 12:
            continue
        one, other = float(np.median(inside)), float(np.median(outside))
        worst = min(worst, (max(one, other) + 0.05) / (min(one, other) + 0.05))
    return float(worst) if np.isfinite(worst) else 1.0


def _luminance(still: Frames) -> npt.NDArray[Any]:
    """Relative luminance of sRGB pixels, as WCAG has it."""
    values = np.arange(256) / 255
    table = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)
    light: npt.NDArray[Any] = table[still] @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return light


def _line_height(placed: Placed) -> float:
    """Pixels from the top of a tall letter to the foot of a hanging one, of the lowest of its lines."""
    return min((line.ink[0] + line.ink[1]) * placed.block.size for line in placed.block.lines)


def _safe_findings(placed: Placed, wanted: InspectionParameters, role: str, at_s: float) -> Iterator[QualityFinding]:
    """The outlet's safe area counts, whatever the timeline was set for."""
    size, safe = wanted.size, wanted.safe_area
    mask = Image.fromarray(np.asarray(placed.block.mask(size, placed.left, placed.baseline)))
    box = mask.getbbox()
    if box is None:
        return
    left, top, right, bottom = box
    over = {
        "left": safe.left * size.width - left,
        "top": safe.top * size.height - top,
        "right": right - (1 - safe.right) * size.width,
        "bottom": bottom - (1 - safe.bottom) * size.height,
    }
    for edge, pixels in over.items():
        if pixels > _SAFE_SLACK:
            yield _fault(role, f"stands {pixels:.0f} pixels outside the safe area, {edge}", at_s)


def _fault(place: str, message: str, at_s: float) -> QualityFinding:
    return QualityFinding(check="type", severity="fault", place=place, message=message, at_s=at_s)
