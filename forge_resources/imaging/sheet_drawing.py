"""Drawing a contact sheet: header, and a grid of panels of plate and caption.

What belongs here: places and colours on the page. What does not: fitting text (see `sheet_type`), or the figures of
the layout (see `data/contact_sheet.yaml`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw

from forge_resources.editing.shaping import set_line
from forge_resources.engines.contract import Facts
from forge_resources.imaging.plate_sizes import plate_size
from forge_resources.imaging.sheet_parameters import ContactSheetParameters, SheetRow, seconds
from forge_resources.imaging.sheet_style import PLATE_SHAPES, SheetStyle, TypeRule, sheet_style
from forge_resources.imaging.sheet_type import Paragraph, Setting, draw_line, fit, width_of

_PAGE = "#ffffff"
_INK = "#1d1f23"
_SOFT = "#5c6169"
_FAINT = "#70767f"
_RULE = "#d9dce1"
_BOX = "#f3f4f6"
_HEADER = 150
_ACCENT = 8
_FOOT = 44
_DARK, _LIGHT = "#14161a", "#ffffff"


@dataclass(frozen=True)
class _Item:
    """A paragraph of a caption, with a label before it and air above it."""

    paragraph: Paragraph
    above: int
    label: str | None = None
    boxed: bool = False


@dataclass(frozen=True)
class _Panel:
    """One shot: the size of its plate, and its caption with its width, type size and heights, in pixels."""

    row: SheetRow
    plate: tuple[int, int]
    text_width: int
    size: int
    heading: int
    items: tuple[_Item, ...]

    @property
    def text_height(self) -> int:
        return self.heading + sum(item.above + item.paragraph.height + (12 if item.boxed else 0) for item in self.items)


@dataclass(frozen=True)
class _Grid:
    """Where panels stand: how many beside each other, how wide, and whether words stand beside plates."""

    columns: int
    panel_width: int
    beside: bool
    plate: tuple[int, int]
    text_width: int


def draw_sheet(parameters: ContactSheetParameters, plates: Mapping[int, Path]) -> tuple[Image.Image, Facts]:
    """The sheet as RGB, with what was measured. `plates` are files by shot number.

    Raises Unavailable where a font is missing.
    """
    style = sheet_style()
    grid = _grid(parameters, style)
    panels = [_panel(row, parameters, grid, style) for row in parameters.rows]
    lines = [panels[i : i + grid.columns] for i in range(0, len(panels), grid.columns)]
    heights = [max(_panel_height(panel, grid) for panel in line) for line in lines]
    top = _HEADER + _ACCENT + style.margin
    height = top + sum(heights) + (len(lines) - 1) * (style.gap + 14) + _FOOT
    sheet = Image.new("RGB", (style.width, height), _PAGE)
    _draw_header(sheet, parameters, style)
    for line, line_height in zip(lines, heights, strict=True):
        for column, panel in enumerate(line):
            left = style.margin + column * (grid.panel_width + style.gap)
            _draw_panel(sheet, panel, plates[panel.row.shot], (left, top), grid, parameters)
        top += line_height + style.gap + 14
    cut = sum(item.paragraph.cut for panel in panels for item in panel.items)
    return sheet, {"width": sheet.width, "height": sheet.height, "columns": grid.columns, "cut_texts": cut}


def readable_on(colour: str) -> str:
    """Dark or light type, whichever has the higher contrast on `colour` (WCAG 2.2, relative luminance)."""
    luminance = _luminance(colour)
    light, dark = (1.05) / (luminance + 0.05), (luminance + 0.05) / (_luminance(_DARK) + 0.05)
    return _LIGHT if light >= dark else _DARK


def _luminance(colour: str) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in ImageColor.getrgb(colour)[:3])
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _grid(parameters: ContactSheetParameters, style: SheetStyle) -> _Grid:
    shape = PLATE_SHAPES[parameters.aspect_ratio]
    rule = style.column_rule(shape, len(parameters.rows))
    panel_width = (style.width - 2 * style.margin - (rule.columns - 1) * style.gap) // rule.columns
    width, height = plate_size(parameters.aspect_ratio)
    plate_width = round(panel_width * style.plate_share[shape]) if rule.beside else panel_width
    text_width = panel_width - plate_width - style.gap if rule.beside else panel_width
    return _Grid(rule.columns, panel_width, rule.beside, (plate_width, round(plate_width * height / width)), text_width)


def _panel(row: SheetRow, parameters: ContactSheetParameters, grid: _Grid, style: SheetStyle) -> _Panel:
    rule = style.type_rule(grid.text_width, grid.beside)
    return _Panel(
        row=row,
        plate=grid.plate,
        text_width=grid.text_width,
        size=rule.size,
        heading=round(rule.size * 2.1),
        items=tuple(_caption(row, parameters, grid.text_width, rule, style)),
    )


def _caption(
    row: SheetRow, parameters: ContactSheetParameters, width: int, rule: TypeRule, style: SheetStyle
) -> list[_Item]:
    size, language, labels = rule.size, parameters.language, style.labels
    small = Setting("semibold", round(size * 0.86), _FAINT)
    gloss = Setting("regular", round(size * 0.88), _FAINT)
    items = [
        _Item(fit(row.camera, Setting("semibold", round(size * 0.92), _SOFT), width, 1), 0),
        _Item(fit(row.visual, Setting("regular", size, _INK), width, rule.visual), 4),
    ]
    if row.voice_over:
        room = width - _label_width(labels.voice_over, small)
        spoken = fit(
            style.quoted(row.voice_over, language), Setting("semibold", size, _INK, language), room, rule.voice_over
        )
        items.append(_Item(spoken, 12, labels.voice_over))
        if row.voice_over_gloss:
            items.append(_Item(fit(row.voice_over_gloss, gloss, room, rule.gloss), 2, ""))
    if row.super:
        room = width - _label_width(labels.super, small) - 20
        shown = fit(row.super, Setting("bold", size, _INK, language), room, rule.super)
        items.append(_Item(shown, 12, labels.super, boxed=True))
        if row.super_gloss:
            items.append(_Item(fit(row.super_gloss, gloss, room, rule.gloss), 2, ""))
    return items


def _label_width(label: str, setting: Setting) -> int:
    return width_of(label, setting) + 12


def _panel_height(panel: _Panel, grid: _Grid) -> int:
    if grid.beside:
        return max(panel.plate[1], panel.text_height)
    return panel.plate[1] + 14 + panel.text_height


def _draw_header(sheet: Image.Image, parameters: ContactSheetParameters, style: SheetStyle) -> None:
    draw = ImageDraw.Draw(sheet)
    palette = parameters.palette
    draw.rectangle((0, 0, sheet.width, _HEADER - 1), fill=palette.primary)
    draw.rectangle((0, _HEADER, sheet.width, _HEADER + _ACCENT - 1), fill=palette.accent)
    colour = readable_on(palette.primary)
    right = Setting("semibold", 30, colour)
    facts = parameters.facts_line(style)
    facts_width = width_of(facts, right)
    edge = sheet.width - style.margin
    draw_line(sheet, set_line(facts, right.weight, "en"), right, edge - facts_width, 66)
    room = sheet.width - 2 * style.margin - facts_width - 60
    brand = f"{parameters.brand}  ·  {parameters.product}"
    fit(brand, Setting("bold", 46, colour), room, 1).draw(sheet, style.margin, 18)
    below = Setting("regular", 28, colour)
    chip = _draw_chip(sheet, style.labels.draft, edge, colour, palette.primary) if parameters.tier == "draft" else 0
    fit(parameters.title_line(), below, room + facts_width - chip, 1).draw(sheet, style.margin, 86)


def _draw_chip(sheet: Image.Image, text: str, right: int, colour: str, ground: str) -> int:
    """A small plate with a word, ending at `right`; returns its width."""
    setting = Setting("bold", 22, ground)
    width = width_of(text, setting) + 28
    box = (right - width, 90, right - 1, 126)
    _rounded(sheet, box, 6, colour)
    draw_line(sheet, set_line(text, setting.weight, "en"), setting, box[0] + 14, 116)
    return width


def _rounded(sheet: Image.Image, box: tuple[int, int, int, int], radius: int, colour: str) -> None:
    """Fills a box (its last pixel included) with smooth round corners."""
    width, height = box[2] - box[0] + 1, box[3] - box[1] + 1
    mask = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width * 4 - 1, height * 4 - 1), radius=radius * 4, fill=255)
    sheet.paste(colour, box[:2], mask.reduce(4))


def _draw_panel(
    sheet: Image.Image,
    panel: _Panel,
    plate: Path,
    corner: tuple[int, int],
    grid: _Grid,
    parameters: ContactSheetParameters,
) -> None:
    left, top = corner
    with Image.open(plate) as image:
        picture = image.convert("RGB").resize(panel.plate, Image.Resampling.LANCZOS, reducing_gap=3.0)
    sheet.paste(picture, corner)
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, top, left + panel.plate[0] - 1, top + panel.plate[1] - 1), outline=_RULE)
    style = sheet_style()
    if grid.beside:
        text_left, text_top = left + panel.plate[0] + style.gap, top
    else:
        text_left, text_top = left, top + panel.plate[1] + 14
    _draw_heading(sheet, panel, (text_left, text_top), parameters)
    _draw_items(sheet, panel.items, (text_left, text_top + panel.heading), parameters, panel.text_width)


def _draw_heading(
    sheet: Image.Image, panel: _Panel, corner: tuple[int, int], parameters: ContactSheetParameters
) -> None:
    """The number on the brand's colour, the timecode, and the seconds at the right end."""
    size = panel.size
    left, top = corner
    ground = parameters.palette.primary
    number = Setting("bold", size, readable_on(ground))
    text = str(panel.row.shot)
    side = round(size * 1.6)
    width = max(side, width_of(text, number) + size)
    _rounded(sheet, (left, top, left + width - 1, top + side - 1), 5, ground)
    baseline = top + round((side + size * 0.66) / 2)
    draw_line(sheet, set_line(text, "bold", "en"), number, left + (width - width_of(text, number)) // 2, baseline)
    time = Setting("semibold", size, _INK)
    draw_line(sheet, set_line(panel.row.timecode, time.weight, "en"), time, left + width + 12, baseline)
    length = Setting("regular", size, _SOFT)
    lasts = seconds(panel.row.duration_s)
    draw_line(
        sheet, set_line(lasts, "regular", "en"), length, left + panel.text_width - width_of(lasts, length), baseline
    )


def _draw_items(
    sheet: Image.Image, items: Sequence[_Item], corner: tuple[int, int], parameters: ContactSheetParameters, width: int
) -> None:
    left, top = corner
    indent = 0
    for item in items:
        top += item.above
        paragraph = item.paragraph
        if item.label:
            small = Setting("semibold", round(paragraph.setting.size * 0.8), _FAINT)
            indent = _label_width(item.label, Setting("semibold", round(paragraph.setting.size * 0.86), _FAINT))
            lift = 6 if item.boxed else 0
            fit(item.label, small, indent, 1).draw(sheet, left, top + lift + round(paragraph.setting.size * 0.12))
        elif item.label is None:
            indent = 0
        if item.boxed:
            box = (left + indent, top, left + width - 1, top + paragraph.height + 11)
            ImageDraw.Draw(sheet).rectangle(box, fill=_BOX)
            ImageDraw.Draw(sheet).rectangle((box[0], box[1], box[0] + 3, box[3]), fill=parameters.palette.accent)
            paragraph.draw(sheet, left + indent + 14, top + 6)
            top += 12
        else:
            paragraph.draw(sheet, left + indent, top)
        top += paragraph.height
