"""Every engine of Forge, in one place.

To add one: write its module, add its line here. Modules are imported when an engine is first asked for, so that a
heavy library of one engine costs the others nothing. A package of your own registers the same way through the entry
point group `forge.engines` (name `<kind>.<engine>`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from forge_resources.engines.contract import Engine
from forge_resources.errors import Conflict, InvalidInput
from forge_resources.schemas.types import EngineKind

ENGINES: dict[tuple[EngineKind, str], str] = {
    ("text", "draft"): "forge_resources.writing.draft:DraftWriter",
    ("image", "sketch"): "forge_resources.imaging.sketch:SketchArtist",
    ("voice", "espeak"): "forge_resources.voice.espeak:EspeakVoice",
    ("motion", "still"): "forge_resources.motion.still:StillMotion",
    ("edit", "timeline"): "forge_resources.editing.timeline:TimelineEditor",
    ("edit", "render"): "forge_resources.editing.render:Renderer",
    ("edit", "contact-sheet"): "forge_resources.imaging.contact_sheet:ContactSheet",
    ("edit", "captions-srt"): "forge_resources.editing.captions:SrtCaptions",
    ("edit", "captions-vtt"): "forge_resources.editing.captions:VttCaptions",
}


@cache
def _locations() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {(kind, name): location for (kind, name), location in ENGINES.items()}
    for point in entry_points(group="forge.engines"):
        kind, _, name = point.name.partition(".")
        if (kind, name) in found:
            raise Conflict(f"Two packages register the {kind} engine `{name}`.", remedy=f"Remove {point.value}.")
        found[kind, name] = point.value
    return found


def engine_names(kind: EngineKind) -> list[str]:
    """The names of the engines of one kind, in order."""
    return sorted(name for its_kind, name in _locations() if its_kind == kind)


def engine(kind: EngineKind, name: str) -> Engine:
    """The engine of that kind and name. Raises InvalidInput where there is none."""
    location = _locations().get((kind, name))
    if location is None:
        known = ", ".join(engine_names(kind))
        raise InvalidInput(f"There is no {kind} engine `{name}`.", remedy=f"Known: {known}.")
    module, _, attribute = location.partition(":")
    made = getattr(import_module(module), attribute)()
    if not isinstance(made, Engine) or (made.kind, made.name) != (kind, name):
        raise Conflict(f"{location} is registered as {kind} engine `{name}` but calls itself something else.")
    return made


def engines() -> Iterator[Engine]:
    """Every registered engine, by kind and name."""
    for kind in ("text", "image", "voice", "motion", "edit"):
        for name in engine_names(kind):
            yield engine(kind, name)
