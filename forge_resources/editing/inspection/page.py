"""The `inspection-page` engine: a report of quality control as a page that a person reads, in one file.

What belongs here: layout, thumbnails, the plot of loudness. What does not: findings (see `inspector`).
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image
from pydantic import BaseModel

from forge_resources.editing import ffmpeg
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.schemas.quality import QUALITY_CHECKS, LoudnessPoint, QualityReport
from forge_resources.schemas.types import Document, Tier

_THUMBS = 12
_THUMB_WIDTH = 240
_PLOT = (760, 180)
_LOWEST_LUFS = -60.0
_NAMES = {
    "file": "File", "sound": "Sound", "picture": "Picture", "flashing": "Flashing", "captions": "Captions",
    "type": "Type", "provenance": "Provenance",
}  # fmt: skip
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:820px;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
h1{font-size:1.3rem;margin:0}h2{font-size:1rem;margin:1.8rem 0 .5rem}
.ok{color:#1a6b36}.no{color:#a3201a}.note{color:#7a5a00}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top;
border-bottom:1px solid #e3e7ec}
.thumbs{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:.5rem}
figure{margin:0}img{width:100%;display:block}figcaption{font-size:.8rem;color:#5b6675}
svg{width:100%;height:auto;background:#f6f8fa}
@media (prefers-color-scheme:dark){body{color:#e6e9ee;background:#14181d}td,th{border-color:#2b323b}
svg{background:#1b2127}.ok{color:#7fd196}.no{color:#ff8f86}.note{color:#e5c35a}figcaption{color:#98a2b0}}
"""


class PageParameters(Document):
    """`ffmpeg` and `pillow` are versions; `integrated_lufs` and `true_peak_dbtp` are what was asked for."""

    ffmpeg: str
    pillow: str
    integrated_lufs: float
    true_peak_dbtp: float


class InspectionPage(EditEngine):
    """Writes source `report` as a page, with thumbnails of source `file`."""

    name = "inspection-page"
    tier: ClassVar[Tier] = "full"
    version = "2"
    summary = "Writes a report of quality control as a page with thumbnails and a plot of loudness."
    media_type = "text/html"
    suffix = ".html"
    Parameters: ClassVar[type[BaseModel]] = PageParameters

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        wanted = PageParameters.model_validate(parameters)
        report = QualityReport.model_validate_json(sources["report"].read_bytes())
        thumbs = list(_thumbs(sources["file"], report))
        target.write_text(_page(report, wanted, thumbs), encoding="utf-8", newline="\n")
        return {"thumbnails": len(thumbs)}


def _page(report: QualityReport, wanted: PageParameters, thumbs: Sequence[tuple[float, str]]) -> str:
    verdict = '<span class="ok">passed</span>' if report.passed else '<span class="no">not passed</span>'
    pictures = "".join(
        f'<figure><img src="data:image/jpeg;base64,{data}" alt="frame at {at:.2f} s">'
        f"<figcaption>{at:.2f} s</figcaption></figure>"
        for at, data in thumbs
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Quality control: {escape(report.file)}</title><style>{_STYLE}</style></head><body>
<h1>{escape(report.file)}: {verdict}</h1>
<p>{escape(report.cell)}, delivery profile {escape(report.profile)}</p>
<h2>Checks</h2><table>{"".join(_checks(report))}</table>
<h2>Picture</h2><table>{"".join(_rows(_picture_rows(report)))}</table>
<div class="thumbs">{pictures}</div>
<h2>Sound</h2><table>{"".join(_rows(_sound_rows(report, wanted)))}</table>
{_plot(report.loudness, wanted.integrated_lufs)}
<h2>Type</h2><table>{"".join(_rows(_type_rows(report)))}</table>
<h2>Read by</h2><p>{escape(", ".join(report.readers))}; signed by {escape(report.signer or "nobody")}.
Unsigned content: <code>{report.content}</code></p>
</body></html>
"""


def _checks(report: QualityReport) -> Iterator[str]:
    for check in QUALITY_CHECKS:
        found = report.of(check)
        faults = any(finding.severity == "fault" for finding in found)
        mark = '<span class="no">✗ fault</span>' if faults else '<span class="ok">✓</span>'
        if found and not faults:
            mark = '<span class="note">✓ with remarks</span>'
        told = "<br>".join(escape(str(finding)) for finding in found) or "nothing found"
        yield f"<tr><th>{_NAMES[check]}</th><td>{mark}</td><td>{told}</td></tr>"


def _picture_rows(report: QualityReport) -> Iterator[tuple[str, str]]:
    picture = report.picture
    yield (
        "Frames",
        f"{picture.frames} at {float(picture.fps):.3f} a second; the spot begins at frame {report.first_frame}",
    )
    yield "Format", f"{picture.width} × {picture.height}, {picture.codec}, {picture.pixel_format}, {picture.colour}"
    yield "Time code", picture.timecode or "none"
    yield "Cuts", ", ".join(f"{at:.2f} s" for at in picture.cuts_s) or "none"
    yield "Black", _spans(picture.black_s)
    yield "Still", _spans(picture.frozen_s)
    yield "Flashes within a second", f"{picture.flashes_per_second:g}; saturated red {picture.red_flashes_per_second:g}"


def _sound_rows(report: QualityReport, wanted: PageParameters) -> Iterator[tuple[str, str]]:
    sound = report.sound
    if sound is None:
        yield "Sound", "none"
        return
    yield "Format", f"{sound.codec}, {sound.sample_rate} Hz, {sound.channels} channels"
    yield "Integrated", f"{_lufs(sound.integrated_lufs)} (asked for: {wanted.integrated_lufs:g} LUFS)"
    yield "True peak", f"{sound.true_peak_dbtp} dBTP (at most {wanted.true_peak_dbtp:g})"
    yield "Highest over 3 s", _lufs(sound.short_term_max_lufs)
    yield "Highest over 0.4 s", _lufs(sound.momentary_max_lufs)
    yield "Folded to mono", _lufs(sound.mono_lufs)


def _type_rows(report: QualityReport) -> Iterator[tuple[str, str]]:
    for each in report.type:
        contrast = f"contrast {each.contrast:.1f}:1, " if each.contrast is not None else ""
        height = f"letters {each.height:.1%} of the height, " if each.height is not None else ""
        yield f"{each.role} at {each.at_s:.2f} s", f"{contrast}{height}“{each.text}”"


def _rows(rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    for name, value in rows:
        yield f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"


def _spans(spans: Sequence[tuple[float, float]]) -> str:
    return ", ".join(f"{first:.2f}–{end:.2f} s" for first, end in spans) or "none"


def _lufs(value: float | None) -> str:
    return "nothing above the gate" if value is None else f"{value:.1f} LUFS"


def _plot(points: Sequence[LoudnessPoint], wanted: float) -> str:
    """Momentary and short-term loudness over the spot, with a line at what was asked for."""
    if not points:
        return ""
    width, height = _PLOT
    end = max(point.at_s for point in points) or 1.0

    def place(at: float, lufs: float) -> str:
        share = (max(lufs, _LOWEST_LUFS) - _LOWEST_LUFS) / -_LOWEST_LUFS
        return f"{40 + at / end * (width - 50):.1f},{height - 15 - share * (height - 25):.1f}"

    def line(values: Sequence[tuple[float, float]], colour: str, thickness: float) -> str:
        drawn = " ".join(place(at, lufs) for at, lufs in values)
        return f'<polyline fill="none" stroke="{colour}" stroke-width="{thickness}" points="{drawn}"/>'

    marks = "".join(
        f'<text x="4" y="{float(place(0, level).split(",")[1]) + 4:.1f}" font-size="10" fill="#7a8696">{level}</text>'
        for level in range(int(_LOWEST_LUFS), 1, 10)
    )
    step = 5 if end > 12 else 1
    marks += "".join(
        f'<text x="{place(at, 0).split(",")[0]}" y="{height - 2}" font-size="10" fill="#7a8696">{at} s</text>'
        for at in range(0, int(end) + 1, step)
    )
    # Short-term loudness is that of three seconds: there is none before they have gone by.
    short_term = [(point.at_s, point.short_term) for point in points if point.at_s >= 3]
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Loudness over time in LUFS">{marks}'
        + line([(0, wanted), (end, wanted)], "#c0392b", 1)
        + line([(point.at_s, point.momentary) for point in points], "#9db4cc", 1)
        + line(short_term, "#1f5f99", 2)
        + "</svg><p><small>LUFS over the seconds of the spot: momentary (thin), short-term (thick), asked for (red)."
        "</small></p>"
    )


def _thumbs(file: Path, report: QualityReport) -> Iterator[tuple[float, str]]:
    """Frames from all over the file, as JPEG in base64, with their seconds."""
    picture = report.picture
    count = min(_THUMBS, picture.frames)
    chosen = sorted({round(i * (picture.frames - 1) / max(1, count - 1)) for i in range(count)})
    width = _THUMB_WIDTH
    height = 2 * round(picture.height * width / picture.width / 2)
    # Each frame is sought by itself, half a frame early: decoding all of a long file for twelve frames takes longer.
    starts = [max(0.0, (frame - 0.5) / float(picture.fps)) for frame in chosen]
    inputs = [option for at in starts for option in ("-ss", f"{at:.6f}", "-i", ffmpeg.address(file))]
    fit = f"trim=end_frame=1,scale={width}:{height}:flags=area:in_color_matrix=bt709:in_range=tv,format=rgb24"
    chains = [f"[{index}:v:0]{fit},setpts=0[t{index}]" for index in range(len(chosen))]
    joined = "".join(f"[t{index}]" for index in range(len(chosen))) + f"concat=n={len(chosen)}[all]"
    raw = ffmpeg.run(
        ["-nostats", *inputs, "-filter_complex", ";".join([*chains, joined]),
         "-map", "[all]", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"]
    ).output  # fmt: skip
    for frame, pixels in zip(chosen, np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3), strict=True):
        kept = io.BytesIO()
        Image.fromarray(pixels).save(kept, format="JPEG", quality=72)
        yield float(frame / picture.fps), base64.b64encode(kept.getvalue()).decode()
