"""What an outlet wants written where, for one cell: its number, the slate's rows, the file's name, tags and time code.

What belongs here: from brief and profile to the words and figures of a package. What does not: drawing or joining them
(see `leader`, `packaging`), or whether a number was used before (see `identifiers`).
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache

import PIL
from pydantic import field_validator

from forge_resources.editing import ffmpeg
from forge_resources.editing.data_files import read_data
from forge_resources.editing.fonts import font_book
from forge_resources.editing.leader import SlateLine
from forge_resources.editing.packaging import PackageParameters
from forge_resources.errors import InvalidInput
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.delivery import DeliveryProfile, SlateField
from forge_resources.schemas.edit import TimelineNote
from forge_resources.schemas.timecode import can_drop, frame_number, rate_name, timecode_of
from forge_resources.schemas.types import Document, ShortLine, Tier

_THREADS = 2  # fixed, as in the render: the bytes depend on it
_CHANNELS = {1: "mono", 2: "stereo"}


class SlateLabels(Document):
    """The contract of `data/slate.yaml`."""

    labels: dict[SlateField, ShortLine]

    @field_validator("labels")
    @classmethod
    def _has_every_field(cls, labels: dict[SlateField, str]) -> dict[SlateField, str]:
        fields = SlateField.__args__  # type: ignore[attr-defined]
        if missing := [field for field in fields if field not in labels]:
            raise ValueError(f"lacks {', '.join(missing)}")
        return labels


@lru_cache(maxsize=1)
def slate_labels() -> SlateLabels:
    """The labels that come with Forge."""
    return read_data("slate.yaml", SlateLabels)


def identifier_of(brief: CellBrief, profile: DeliveryProfile) -> str | None:
    """The number of the cell's spot for an outlet; None where the outlet wants none. Raises InvalidInput."""
    rule = profile.identifier
    if rule is None:
        return None
    cell = brief.cell
    given = [
        entry
        for entry in brief.market_brief.identifiers
        if entry.profile == profile.slug and entry.persona in (None, cell.persona)
    ]
    # An entry for the persona counts before one for the whole market.
    for entry in sorted(given, key=lambda entry: entry.persona is None):
        return entry.id
    raise InvalidInput(
        f"The profile `{profile.slug}` needs an identifier ({rule.name}) for {cell.market} × {cell.persona}.",
        remedy=f"Add one under `identifiers` in the brief, such as {rule.example}.",
    )


def needs_package(profile: DeliveryProfile) -> bool:
    """Whether the file is more than the rendered master: leader, tail, number, time code or silent edges."""
    starts = frame_number(profile.start_timecode, profile.fps)
    return bool(profile.leader or profile.tail or profile.identifier or profile.edge_silence_frames or starts)


def package_parameters(brief: CellBrief, profile: DeliveryProfile, note: TimelineNote, tier: Tier) -> PackageParameters:
    """The recipe of a package. Raises InvalidInput where the outlet's number is missing."""
    rows = [
        SlateLine(label=_slate_label(field, profile), value=_slate_value(field, brief, profile, note, tier))
        for field in profile.slate
    ]
    tags = {"title": f"{brief.market_brief.product.name} ({brief.cell.market}, {brief.cell.persona})"}
    if identifier := identifier_of(brief, profile):
        tags["comment"] = f"{profile.identifier.name if profile.identifier else ''}: {identifier}"
    texts = [text for row in rows for text in (row.label, row.value)]
    fonts = font_book().font_fingerprint(texts, note.language, ("regular", "semibold", "bold")) if texts else {}
    return PackageParameters(
        container=profile.container,
        fast_start=profile.fast_start,
        size=note.size,
        fps=profile.fps,
        frames=note.frames,
        video=profile.video,
        audio=profile.audio,
        leader=profile.leader,
        tail=profile.tail,
        slate=rows,
        timecode=first_timecode(profile),
        edge_silence_frames=profile.edge_silence_frames,
        tags=tags,
        threads=_THREADS,
        ffmpeg=ffmpeg.version(),
        fonts={**fonts, "pillow": PIL.__version__},
    )


def first_timecode(profile: DeliveryProfile) -> str | None:
    """The time code of the first frame of the file, whose spot begins at `start_timecode`; None for zero."""
    drops = ";" in profile.start_timecode and can_drop(profile.fps)
    first = frame_number(profile.start_timecode, profile.fps) - profile.leader_frames(profile.fps)
    return timecode_of(first, profile.fps, drop=drops) if first or profile.leader else None


def file_stem(brief: CellBrief, profile: DeliveryProfile) -> str:
    """The name of the outlet's file without its suffix, of letters, digits and @ . _ - only."""
    market_brief, cell = brief.market_brief, brief.cell
    values = {
        "brief": cell.brief,
        "market": cell.market,
        "persona": cell.persona,
        "profile": profile.slug,
        "identifier": identifier_of(brief, profile) or "",
        "brand": market_brief.brand.name,
        "duration": f"{market_brief.duration_s}s",
        "ratio": profile.ratio_for(market_brief.aspect_ratio).replace(":", "x"),
        "language": market_brief.market.language.code,
    }
    return profile.file_name.format_map({name: _plain_name(value) for name, value in values.items()})


def _plain_name(value: str) -> str:
    """A value as part of a file's name: accents dropped, everything else that is no letter or digit a dash."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", value) if not unicodedata.combining(char))
    return re.sub(r"[^A-Za-z0-9@._]+", "-", bare).strip("-.") or "x"


def _slate_label(field: SlateField, profile: DeliveryProfile) -> str:
    """What a row is called; the outlet's own word for its number."""
    if field == "identifier" and profile.identifier:
        return profile.identifier.name
    return slate_labels().labels[field]


def _slate_value(field: SlateField, brief: CellBrief, profile: DeliveryProfile, note: TimelineNote, tier: Tier) -> str:
    market_brief = brief.market_brief
    size, audio, loudness = note.size, profile.audio, profile.loudness
    seconds = float(Fraction(note.frames) / note.fps)
    formats = [name.upper() for name in profile.captions]
    values: dict[SlateField, str] = {
        "identifier": identifier_of(brief, profile) or "none",
        "brand": market_brief.brand.name,
        "product": market_brief.product.name,
        "title": f"{brief.cell.brief} / {brief.cell.persona}",
        "market": brief.cell.market,
        "language": market_brief.market.language.code,
        "persona": brief.persona.persona.name,
        "duration": f"{seconds:.3f} s, {note.frames} frames",
        "ratio": note.aspect_ratio,
        "rate": f"{rate_name(profile.fps)} progressive",
        "size": f"{size.width} × {size.height}",
        "sound": f"{_CHANNELS[audio.channels]}, {audio.sample_rate // 1000} kHz",
        "loudness": f"{loudness.integrated_lufs:g} LUFS, at most {loudness.true_peak_dbtp:g} dBTP".replace("-", "−"),
        "captions": "in the picture" if profile.captions_burnt else f"beside ({', '.join(formats)})",
        "tier": f"{tier}, machine-made",
        "profile": profile.name,
    }
    return values[field]
