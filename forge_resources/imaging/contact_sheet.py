"""The contact sheet: a storyboard on one page, as a producer approves it, and its thumbnail for the Dagster UI.

What belongs here: what a sheet says (its recipe) and the engine that makes it. What does not: how it is drawn (see
`sheet_drawing`), or the plates (see `plates`).
"""

from __future__ import annotations

import base64
import io
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from forge_resources.editing.fonts import font_fingerprint
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import InvalidInput
from forge_resources.imaging.sheet_drawing import draw_sheet
from forge_resources.imaging.sheet_parameters import ContactSheetParameters, SheetRow, plate_source
from forge_resources.imaging.sheet_style import sheet_style
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Storyboard


class ContactSheet(EditEngine):
    """Sets plates, words and timings on one page. Sources `shot-01`, `shot-02` …: the plates, as PNG.

    Facts: `width` and `height` in pixels, `columns`, and `cut_texts`, how many texts ended in an ellipsis.
    """

    name = "contact-sheet"
    tier = "full"
    version = "2"
    summary = "Storyboard sheet: plates, camera, voice-over, supers and timecode on one page"
    media_type = "image/png"
    suffix = ".png"
    Parameters = ContactSheetParameters

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Writes the sheet. Raises InvalidInput where a plate is missing, Unavailable where a font is."""
        missing = [row.shot for row in parameters.rows if plate_source(row.shot) not in sources]
        if missing:
            raise InvalidInput(f"The contact sheet lacks the plates of shots {', '.join(map(str, missing))}.")
        sheet, facts = draw_sheet(parameters, {row.shot: sources[plate_source(row.shot)] for row in parameters.rows})
        sheet.save(target, format="PNG", compress_level=6)
        return facts


def contact_sheet_parameters(brief: CellBrief, script: Script, storyboard: Storyboard) -> ContactSheetParameters:
    """What the sheet of a cell says. Raises Unavailable where this machine lacks a font for its texts."""
    style = sheet_style()
    market_brief = brief.market_brief
    shots = {shot.number: shot for shot in storyboard.shots}
    rows = []
    start = Fraction(0)
    for row in script.rows:
        rows.append(
            SheetRow(
                shot=row.shot,
                start_s=start,
                duration_s=row.duration_s,
                camera=style.camera_note(shots[row.shot].look.camera),
                visual=row.visual,
                voice_over=row.voice_over,
                voice_over_gloss=row.voice_over_gloss,
                super=row.super,
                super_gloss=row.super_gloss,
            )
        )
        start += row.duration_s
    parameters = ContactSheetParameters(
        brief=market_brief.brief,
        brand=market_brief.brand.name,
        product=market_brief.product.name,
        market=brief.cell.market,
        persona=brief.persona.persona.name,
        language=script.language,
        tier=script.tier,
        aspect_ratio=storyboard.aspect_ratio,
        palette=market_brief.brand.palette,
        rows=rows,
        style=style.content_hash(),
        fonts={},
    )
    fonts = font_fingerprint(parameters.texts(style), script.language)
    return parameters.model_copy(update={"fonts": fonts})


def thumbnail_markdown(path: Path, budget_bytes: int = 30_000) -> str:
    """A picture as Markdown with its data in it, of at most `budget_bytes` characters: what the Dagster UI can show.

    The width is the largest of a fixed series that keeps the budget at a quality still worth looking at; equal files
    give equal text. Raises InvalidInput where not even the smallest does.
    """
    return _thumbnail(path, path.stat().st_mtime_ns, budget_bytes)


@lru_cache(maxsize=8)
def _thumbnail(path: Path, changed_ns: int, budget_bytes: int) -> str:
    """Two stages of a cell show the same sheet, one after the other."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    widths = [width for width in _THUMBNAIL_WIDTHS if width <= picture.width]
    if widths and picture.width > widths[0]:
        size = (widths[0], round(picture.height * widths[0] / picture.width))
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    worst = _THUMBNAIL_QUALITIES[-1]
    # From the largest width that fits at the lowest quality, found by halving: bytes grow with the width.
    first, last = 0, len(widths)
    while first < last:
        middle = (first + last) // 2
        if len(_as_markdown(picture, widths[middle], worst)) <= budget_bytes:
            last = middle
        else:
            first = middle + 1
    if first == len(widths):
        raise InvalidInput(f"No thumbnail of {path.name} goes into {budget_bytes} bytes.")
    tried = (_as_markdown(picture, widths[first], quality) for quality in _THUMBNAIL_QUALITIES)
    return next(text for text in tried if len(text) <= budget_bytes)


def _as_markdown(picture: Image.Image, width: int, quality: int) -> str:
    height = max(1, round(picture.height * width / picture.width))
    small = picture.resize((width, height), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    small.save(data, format="WEBP", quality=quality, method=_THUMBNAIL_EFFORT)
    return f"![contact sheet](data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()})"


_THUMBNAIL_WIDTHS = (1000, 860, 740, 640, 560, 520, 480, 440, 400, 360, 320, 240, 160, 96, 48, 16)
# WebP, which holds a third more of the fine type of a sheet in the same bytes than JPEG does.
_THUMBNAIL_QUALITIES = (55, 35)
_THUMBNAIL_EFFORT = 2
"""Of 0 to 6. At 4 a sheet takes twice as long and comes out a twentieth smaller."""
