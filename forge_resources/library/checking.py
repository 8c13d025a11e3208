"""What is wrong with the library as a whole: references, the vocabulary, the make-up of personas, what Babel knows.

What belongs here: every rule that needs more than one entry. What does not: the shape of one entry (see `loader`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, get_args

from forge_resources.errors import Fault, InvalidInput
from forge_resources.library.locales import country_name, locale_of
from forge_resources.library.validation import nearest_names, place_of
from forge_resources.library.vocabulary import Vocabulary
from forge_resources.schemas.audience import Segment
from forge_resources.schemas.types import Document

SEGMENT_KINDS: tuple[str, ...] = get_args(Segment.model_fields["kind"].annotation)

# What a story is told with. A persona that lacks one gets it by seed, and is then less of a portrait.
PERSONA_TRAITS = ("role", "companion", "home", "out", "hour", "worry", "wish", "prop")
COUNTRY_TRAITS = ("skyline", "window", "address", "humour", "pace")
TRAITED = ("regions", "countries", "languages", "segments")

# WCAG 2.2, 1.4.3: text on its ground.
_CONTRAST = 4.5


@dataclass
class Shelves:
    """The entries while they are being read, by shelf and key, and where each was written.

    `named` has the keys of faulty entries too, `unread` the shelves of files that could not be read: what refers to
    either is not reported a second time.
    """

    entries: dict[str, dict[str, Any]]
    named: dict[str, set[str]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    files: dict[tuple[str, str], str] = field(default_factory=dict)
    folders: dict[tuple[str, str], Path] = field(default_factory=dict)

    def put(self, shelf: str, key: str, entry: Document, file: str, folder: Path) -> None:
        self.entries[shelf][key] = entry
        self.files[shelf, key] = file
        self.folders[shelf, key] = folder

    def place(self, shelf: str, key: str, *steps: str | int) -> str:
        return place_of(self.files[shelf, key], key, *steps)

    def lacks(self, shelf: str, key: str) -> bool:
        return shelf not in self.unread and key not in self.named.get(shelf, set())

    @property
    def brand_folders(self) -> dict[str, Path]:
        return {key: folder for (shelf, key), folder in self.folders.items() if shelf == "brands"}


def library_faults(shelves: Shelves, vocabulary: Vocabulary) -> Iterator[Fault]:
    """Everything that makes the library unusable."""
    yield from _trait_faults(shelves, vocabulary)
    yield from _country_faults(shelves)
    yield from _language_faults(shelves)
    yield from _market_faults(shelves)
    yield from _persona_faults(shelves)
    yield from _brand_faults(shelves)


def library_warnings(shelves: Shelves, vocabulary: Vocabulary) -> Iterator[Fault]:
    """What is odd and not wrong: entries never used, portraits with gaps, colours that are hard to read."""
    yield from _unused(shelves)
    yield from _gaps(shelves)
    for key, brand in shelves.entries["brands"].items():
        ratio = contrast(brand.palette.ink, brand.palette.paper)
        if ratio < _CONTRAST:
            yield Fault(
                shelves.place("brands", key, "palette", "ink"),
                f"contrast {ratio:.1f} : 1 on paper; text needs {_CONTRAST} : 1",
            )


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two colours `#rrggbb`, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _reference_fault(shelves: Shelves, shelf: str, name: str, noun: str, place: str) -> Iterator[Fault]:
    if shelves.lacks(shelf, name):
        near = nearest_names(name, shelves.named.get(shelf, set()))
        hint = f"; did you mean {' or '.join(f'`{known}`' for known in near)}?" if near else ""
        yield Fault(place, f"there is no {noun} `{name}`{hint}")


def _trait_faults(shelves: Shelves, vocabulary: Vocabulary) -> Iterator[Fault]:
    for shelf in TRAITED:
        for key, entry in shelves.entries[shelf].items():
            yield from vocabulary.trait_faults(entry.traits, shelves.place(shelf, key))


def _country_faults(shelves: Shelves) -> Iterator[Fault]:
    for code, country in shelves.entries["countries"].items():
        place = shelves.place("countries", code, "region")
        yield from _reference_fault(shelves, "regions", country.region, "region", place)
        try:
            country_name(code)
        except InvalidInput as error:
            yield Fault(shelves.place("countries", code), error.message)


def _language_faults(shelves: Shelves) -> Iterator[Fault]:
    for code in shelves.entries["languages"]:
        try:
            locale_of(code)
        except InvalidInput as error:
            yield Fault(shelves.place("languages", code), error.message)


def _market_faults(shelves: Shelves) -> Iterator[Fault]:
    for code, market in shelves.entries["markets"].items():
        place = shelves.place("markets", code)
        language, _, country = code.partition("-")
        if market.country != country:
            yield Fault(f"{place}.country", f"must be `{country}`, as the code says")
        else:
            yield from _reference_fault(shelves, "countries", country, "country", f"{place}.country")
        if market.language != language:
            yield Fault(f"{place}.language", f"must be `{language}`, as the code says")
        else:
            yield from _reference_fault(shelves, "languages", language, "language", f"{place}.language")
        try:
            locale_of(code)
        except InvalidInput as error:
            yield Fault(place, error.message)


def _persona_faults(shelves: Shelves) -> Iterator[Fault]:
    segments: dict[str, Segment] = shelves.entries["segments"]
    for slug, persona in shelves.entries["personas"].items():
        place = shelves.place("personas", slug, "segments")
        for index, name in enumerate(persona.segments):
            yield from _reference_fault(shelves, "segments", name, "segment", f"{place}[{index}]")
            if name in persona.segments[:index]:
                yield Fault(f"{place}[{index}]", f"`{name}` is named twice")
        if all(name in segments for name in persona.segments):
            kinds = {segments[name].kind for name in persona.segments}
            for kind in SEGMENT_KINDS:
                if kind not in kinds:
                    yield Fault(place, f"has no {kind} segment; a persona has at least one of each kind")


def _brand_faults(shelves: Shelves) -> Iterator[Fault]:
    for slug, brand in shelves.entries["brands"].items():
        if brand.logo is None:
            continue
        place = shelves.place("brands", slug, "logo")
        path = PurePosixPath(brand.logo)
        if path.is_absolute() or ".." in path.parts or "\\" in brand.logo:
            yield Fault(place, "must be a path inside the folder of this file")
        elif path.suffix.lower() != ".png":
            yield Fault(place, "must be a PNG")
        elif not (shelves.folders["brands", slug] / brand.logo).is_file():
            yield Fault(place, f"there is no file `{brand.logo}` beside this one")


def _unused(shelves: Shelves) -> Iterator[Fault]:
    used = {
        "regions": {country.region for country in shelves.entries["countries"].values()},
        "countries": {market.country for market in shelves.entries["markets"].values()},
        "languages": {market.language for market in shelves.entries["markets"].values()},
        "segments": {name for persona in shelves.entries["personas"].values() for name in persona.segments},
    }
    for shelf, names in used.items():
        for key in shelves.entries[shelf]:
            if key not in names:
                yield Fault(shelves.place(shelf, key), "nothing uses this entry")


def _gaps(shelves: Shelves) -> Iterator[Fault]:
    for code, country in shelves.entries["countries"].items():
        region = shelves.entries["regions"][country.region]
        for trait in COUNTRY_TRAITS:
            if trait not in country.traits and trait not in region.traits:
                yield Fault(shelves.place("countries", code, "traits"), f"`{trait}` is not set and is left to chance")
    for slug, persona in shelves.entries["personas"].items():
        told = {trait for name in persona.segments for trait in shelves.entries["segments"][name].traits}
        for trait in PERSONA_TRAITS:
            if trait not in told:
                yield Fault(
                    shelves.place("personas", slug, "segments"), f"none of them sets `{trait}`, which is left to chance"
                )
