"""The contact sheet: a storyboard on one page, as a producer approves it, and its thumbnail for the Dagster UI.

What belongs here: what a sheet says (its recipe) and the engine that makes it. What does not: how it is drawn (see
`sheet_drawing`), or the plates (see `plates`).
"""

from __future__ import annotations

import base64
import io
from fractions import Fraction
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
    version = "1"
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
    with Image.open(path) as image:
        picture = image.convert("RGB")
    if picture.width > _THUMBNAIL_WIDTHS[0]:
        size = (_THUMBNAIL_WIDTHS[0], round(picture.height * _THUMBNAIL_WIDTHS[0] / picture.width))
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    widest = float(picture.width)
    for width in _THUMBNAIL_WIDTHS:
        if width > widest:
            continue
        small = picture.resize((width, max(1, round(picture.height * width / picture.width))), Image.Resampling.LANCZOS)
        for quality in _THUMBNAIL_QUALITIES:
            data = io.BytesIO()
            small.save(data, format="WEBP", quality=quality, method=4)
            text = f"![contact sheet](data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()})"
            if len(text) <= budget_bytes:
                return text
        # Bytes grow with the area, a little less for large pictures: what cannot fit is not tried.
        widest = width * (budget_bytes / len(text)) ** 0.5 * 1.2
    raise InvalidInput(f"No thumbnail of {path.name} goes into {budget_bytes} bytes.")


_THUMBNAIL_WIDTHS = (1000, 860, 740, 640, 560, 520, 480, 440, 400, 360, 320, 240, 160, 96, 48, 16)
# WebP, which holds a third more of the fine type of a sheet in the same bytes than JPEG does.
_THUMBNAIL_QUALITIES = (55, 35)
