"""Whether what a brief names exists: brand, markets, personas, engines, profiles, pictures.

What belongs here: rules that need the library, the registry or the brief's folder. What does not: the shape (see
`document`), or whether a cell's copy is good (see the gates).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from upath import UPath

from forge_resources.briefs.document import LARGEST_BYTES, parse_document, read_brief, step_to
from forge_resources.briefs.numbers import number_faults
from forge_resources.briefs.reference_pictures import (
    STORE_ADDRESS,
    ReferencePicture,
    bytes_in_store,
    picture_in_store,
    read_picture,
)
from forge_resources.briefs.sound_files import SoundFile, read_sound, sound_of
from forge_resources.engines.registry import engine, engine_names
from forge_resources.errors import Fault, ForgeError, InvalidInput
from forge_resources.imaging.looks import ShelvedLook, deployment_looks
from forge_resources.imaging.orders import image_engine, order_faults, picture_paths
from forge_resources.library.catalogue import Library
from forge_resources.schemas.brand import Brand
from forge_resources.schemas.brief import Brief, Music
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.types import EngineKind, control_characters
from forge_resources.settings import default_engines
from forge_resources.store.artefacts import ArtefactStore


@dataclass(frozen=True)
class CheckedBrief:
    """A brief without faults, with the pictures it refers to by the path it names them with."""

    brief: Brief
    pictures: Mapping[str, ReferencePicture]
    data: bytes
    sounds: Mapping[str, SoundFile] = field(default_factory=dict)


def check_file(
    place: UPath,
    library: Library,
    profiles: Mapping[str, DeliveryProfile],
    data: bytes | None = None,
    store: ArtefactStore | None = None,
    looks: Mapping[str, ShelvedLook] | None = None,
) -> CheckedBrief:
    """Reads and checks the brief at `place`. Raises InvalidInput with every fault, or with why it cannot be read.

    `store` is where pictures named by store address are looked for; `looks` are the deployment's by default.
    """
    if data is None:
        data = _read_brief_file(place)
    raw = parse_document(data, place.name)
    read = read_brief(raw)
    faults: list[Fault] = list(read.faults)
    pictures: dict[str, ReferencePicture] = {}
    places = {fault.place for fault in faults}
    found = _reference_faults(_Raw(raw), library, profiles, _Shelves(place.parent, store), pictures)
    faults += [fault for fault in found if fault.place not in places]
    sounds: dict[str, SoundFile] = {}
    if not faults:
        faults += number_faults(read.brief, library, profiles)
        faults += _sound_faults(read.brief, _Shelves(place.parent, store), sounds)
    if not faults and read.brief.pictures:
        faults += _order_faults(read.brief, _Shelves(place.parent, store), looks or deployment_looks(), pictures)
    if faults:
        plural = "fault" if len(faults) == 1 else "faults"
        raise InvalidInput(f"{place.name} has {len(faults)} {plural}.", faults=faults)
    return CheckedBrief(read.brief, pictures, data, sounds)


def _read_brief_file(place: UPath) -> bytes:
    try:
        # One byte more than allowed is enough to see that it is too much.
        with place.open("rb") as stream:
            data: bytes = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise InvalidInput(f"{place.name} does not exist.", remedy=f"Looked for {place}.") from None
    except IsADirectoryError:
        raise InvalidInput(f"{place.name} is a folder, not a brief.") from None
    except PermissionError:
        raise InvalidInput(f"{place.name} may not be read by this user.") from None
    except OSError as error:
        raise InvalidInput(f"{place.name[:60]} cannot be read: {error.strerror}.") from None
    return data


class _Raw:
    """The names in a brief as written, so that one wrong entry does not hide that another is unknown."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    def texts(self, key: str, value: Any = None) -> list[tuple[str, str]]:
        """The texts of a list with the place of each; nothing where it is no list."""
        listed = self._raw.get(key) if value is None else value
        if not isinstance(listed, list):
            return []
        return [(f"{key}[{index}]", text) for index, text in enumerate(listed) if isinstance(text, str)]

    def text(self, key: str) -> str | None:
        value = self._raw.get(key)
        return value if isinstance(value, str) else None

    def missing(self, key: str) -> bool:
        """Whether the brief leaves the choice to the library."""
        return self._raw.get(key) is None

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self._raw.get(key)
        return value if isinstance(value, dict) else {}

    def keys_of(self, key: str) -> Iterator[str]:
        """The keys of a mapping, without those that have characters which are never shown."""
        return (name for name in self.mapping(key) if not control_characters(name))


def _reference_faults(
    raw: _Raw,
    library: Library,
    profiles: Mapping[str, DeliveryProfile],
    shelves: _Shelves,
    pictures: dict[str, ReferencePicture],
) -> Iterator[Fault]:
    """Names that nothing goes by, and pictures that cannot be used."""
    if (brand := raw.text("brand")) is not None:
        yield from _unknown("brand", brand, library.brands, "brand")
    if isinstance(logo := raw.mapping("brand").get("logo"), str):
        yield from _picture_faults("brand.logo", logo, shelves, pictures)
        if logo in pictures and pictures[logo].suffix != ".png":
            yield Fault("brand.logo", f"`{logo}` is no PNG; a logo is a PNG with alpha")
    for place, path in raw.texts("product.images", raw.mapping("product").get("images")):
        yield from _picture_faults(place, path, shelves, pictures)
    for place, market in raw.texts("markets"):
        yield from _unknown(place, market, library.markets, "market")
    for place, persona in raw.texts("personas"):
        yield from _unknown(place, persona, library.personas, "persona")
    if (language := raw.text("language")) is not None:
        yield from _unknown("language", language, library.languages, "language")
    for key in raw.keys_of("copy"):
        yield from _unknown(step_to("copy", key), key, {*library.languages, *library.markets}, "language or market")
    for key in raw.keys_of("must_say"):
        yield from _unknown(step_to("must_say", key), key, {"all", *library.markets}, "market (or `all`)")
    kinds: tuple[EngineKind, ...] = ("text", "image", "voice", "motion")
    for kind in kinds:
        if isinstance(chosen := raw.mapping("engines").get(kind), str):
            yield from _engine_faults(kind, chosen)
    for place, slug in raw.texts("delivery"):
        yield from _unknown(place, slug, profiles, "delivery profile")
    if raw.missing("delivery"):
        for place, market in raw.texts("markets"):
            for slug in library.markets[market].delivery if market in library.markets else ():
                yield from _unknown(f"{place} ({market} in the library)", slug, profiles, "delivery profile")


def _engine_faults(kind: EngineKind, name: str) -> Iterator[Fault]:
    place = f"engines.{kind}"
    known = engine_names(kind)
    if name not in known:
        yield from _unknown(place, name, known, f"{kind} engine")
        return
    try:
        engine(kind, name)
    except ForgeError as error:
        yield Fault(place, error.message)


def _unknown(place: str, name: str, known: Iterable[str], what: str) -> Iterator[Fault]:
    names = list(known)
    if name not in names:
        close = get_close_matches(name, names, n=3, cutoff=0.5)
        listed = ", ".join(sorted(names)[:8]) + (" …" if len(names) > 8 else "")
        hint = f"did you mean {' or '.join(close)}?" if close else f"known: {listed}"
        yield Fault(place, f"unknown {what} `{name[:60]}`; {hint}")


@dataclass(frozen=True)
class _Shelves:
    """Where a brief's pictures can lie: beside it, and in the store."""

    folder: UPath
    store: ArtefactStore | None


def _order_faults(
    brief: Brief, shelves: _Shelves, looks: Mapping[str, ShelvedLook], pictures: dict[str, ReferencePicture]
) -> Iterator[Fault]:
    """What is wrong with the key `pictures`, and pictures of it that cannot be used."""
    if brief.pictures:
        for place, path in picture_paths(brief.pictures):
            yield from _picture_faults(place, path, shelves, pictures)
    yield from order_faults(brief, image_engine(brief, default_engines(os.environ).image), looks)


def _picture_faults(place: str, path: str, shelves: _Shelves, pictures: dict[str, ReferencePicture]) -> Iterator[Fault]:
    try:
        if path.startswith(STORE_ADDRESS):
            pictures[path] = picture_in_store(path, shelves.store)
        else:
            pictures[path] = read_picture(path, shelves.folder)
    except InvalidInput as refused:
        yield Fault(place, refused.message)


def _sound_faults(brief: Brief, shelves: _Shelves, sounds: dict[str, SoundFile]) -> Iterator[Fault]:
    """Reads every sound file once; what is wrong with one is told at each place that names it."""
    places = [("music.file", brief.music.file)] if isinstance(brief.music, Music) else []
    places += [(f"effects[{index}].file", effect.file) for index, effect in enumerate(brief.effects)]
    for place, path in places:
        try:
            if path not in sounds:
                sounds[path] = _sound_at(path, shelves)
        except InvalidInput as refused:
            yield Fault(place, refused.message)
    if isinstance(brief.music, Music) and brief.music.file in sounds:
        length = sounds[brief.music.file].duration_s
        if brief.music.from_s >= length:
            yield Fault(
                "music.from_s", f"{float(brief.music.from_s):g} is behind the end: the file has {float(length):.2f} s"
            )


def _sound_at(path: str, shelves: _Shelves) -> SoundFile:
    if not path.startswith(STORE_ADDRESS):
        return read_sound(path, shelves.folder)
    name = PurePosixPath(path.removeprefix(STORE_ADDRESS))
    return sound_of(path, bytes_in_store(path, shelves.store), name.suffix)


def brand_of(brief: Brief, library: Library) -> Brand:
    """The brand a brief names or describes."""
    return library.brand(brief.brand) if isinstance(brief.brand, str) else brief.brand
