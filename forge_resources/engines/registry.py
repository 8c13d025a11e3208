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
from forge_resources.errors import Conflict, InvalidInput, Unavailable
from forge_resources.schemas.types import EngineKind

ENGINES: dict[tuple[EngineKind, str], str] = {
    ("text", "draft"): "forge_resources.writing.draft:DraftWriter",
    ("text", "anthropic"): "forge_resources.writing.chat.engines:AnthropicWriter",
    ("text", "openai"): "forge_resources.writing.chat.engines:OpenAIWriter",
    ("text", "local"): "forge_resources.writing.chat.local:TransformersWriter",
    ("image", "sketch"): "forge_resources.imaging.sketch:SketchArtist",
    ("image", "diffusers"): "forge_resources.imaging.diffusion.engine:DiffusionArtist",
    ("voice", "espeak"): "forge_resources.voice.espeak:EspeakVoice",
    ("voice", "vits"): "forge_resources.voice.vits:TransformersVoice",
    ("motion", "still"): "forge_resources.motion.still:StillMotion",
    ("edit", "interchange-edl"): "forge_resources.editing.interchange.writers:EdlWriter",
    ("edit", "interchange-fcpxml"): "forge_resources.editing.interchange.writers:FcpxmlWriter",
    ("edit", "interchange-fcp7xml"): "forge_resources.editing.interchange.writers:Fcp7XmlWriter",
    ("edit", "timeline"): "forge_resources.editing.timeline:TimelineEditor",
    ("edit", "render"): "forge_resources.editing.render:Renderer",
    ("edit", "render-mov"): "forge_resources.editing.render:MovRenderer",
    ("edit", "render-mxf"): "forge_resources.editing.render:MxfRenderer",
    ("edit", "render-mkv"): "forge_resources.editing.render:MkvRenderer",
    ("edit", "neutral-bed"): "forge_resources.editing.neutral_bed:NeutralBed",
    ("edit", "mix"): "forge_resources.editing.mixing:Mixer",
    ("edit", "package"): "forge_resources.editing.packaging:Packager",
    ("edit", "package-mov"): "forge_resources.editing.packaging:MovPackager",
    ("edit", "package-mxf"): "forge_resources.editing.packaging:MxfPackager",
    ("edit", "package-mkv"): "forge_resources.editing.packaging:MkvPackager",
    ("edit", "render-moviepy"): "forge_resources.editing.moviepy_render:MoviepyRenderer",
    ("edit", "sign"): "forge_resources.editing.provenance.signing:Signer",
    ("edit", "sign-mov"): "forge_resources.editing.provenance.signing:MovSigner",
    ("edit", "sign-beside"): "forge_resources.editing.provenance.signing:SidecarSigner",
    ("edit", "inspect"): "forge_resources.editing.inspection.inspector:Inspector",
    ("edit", "inspection-page"): "forge_resources.editing.inspection.page:InspectionPage",
    ("edit", "contact-sheet"): "forge_resources.imaging.contact_sheet:ContactSheet",
    ("edit", "captions-srt"): "forge_resources.editing.captions:SrtCaptions",
    ("edit", "captions-vtt"): "forge_resources.editing.captions:VttCaptions",
    ("edit", "captions-ass"): "forge_resources.editing.captions:AssCaptions",
    ("edit", "captions-ttml"): "forge_resources.editing.captions:TtmlCaptions",
}


@cache
def _own_packages() -> tuple[tuple[str, str], ...]:
    """What installed packages register: (`<kind>.<engine>`, location). Read once: it asks every package installed."""
    return tuple((point.name, point.value) for point in entry_points(group="forge.engines"))


def _locations() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {(kind, name): location for (kind, name), location in ENGINES.items()}
    for registered, location in _own_packages():
        kind, _, name = registered.partition(".")
        if (kind, name) in found:
            raise Conflict(f"Two packages register the {kind} engine `{name}`.", remedy=f"Remove {location}.")
        found[kind, name] = location
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
    made = _load(kind, name, location)
    if not isinstance(made, Engine) or (made.kind, made.name) != (kind, name):
        raise Conflict(
            f"{location} is registered as {kind} engine `{name}` but calls itself "
            f"{getattr(made, 'kind', '?')} engine `{getattr(made, 'name', '?')}`."
        )
    return made


def _load(kind: str, name: str, location: str) -> object:
    """The object at `<module>:<class>`. Raises Unavailable, with the place, where it cannot be had."""
    module, _, attribute = location.partition(":")
    try:
        made: object = getattr(import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError, SyntaxError, NameError) as error:
        raise Unavailable(
            f"The {kind} engine `{name}` cannot be loaded from {location}: {type(error).__name__}: {error}.",
            remedy="Correct its line in ENGINES, the entry point of its package, or its module.",
        ) from error
    return made


def engines() -> Iterator[Engine]:
    """Every registered engine that can be loaded, by kind and name."""
    for kind, name in _all():
        try:
            yield engine(kind, name)
        except Unavailable:
            continue  # `unloadable` has these.


def unloadable() -> list[tuple[EngineKind, str, Unavailable]]:
    """The registered engines that cannot be loaded: kind, name and why."""
    found = []
    for kind, name in _all():
        try:
            engine(kind, name)
        except Unavailable as error:
            found.append((kind, name, error))
    return found


def _all() -> Iterator[tuple[EngineKind, str]]:
    kinds: tuple[EngineKind, ...] = ("text", "image", "voice", "motion", "edit")
    for kind in kinds:
        for name in engine_names(kind):
            yield kind, name
