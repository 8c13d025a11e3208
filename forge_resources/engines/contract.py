"""What an engine is: a name, a kind, a tier, a version, and `make`.

What belongs here: the base class and one subclass per kind, which says how a stage asks an engine of that kind for
something. What does not: any engine (see writing, imaging, voice, motion, editing).

An engine is pure: equal parameters and equal sources give equal bytes. It writes one file and returns facts about it;
looking up, hashing, keeping and reusing is done by `store.workshop`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from forge_resources.errors import Fault, InvalidInput
from forge_resources.findings import Finding
from forge_resources.schemas.brief import Brief, CellBrief
from forge_resources.schemas.pictures import PictureOrder
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.schemas.storyboard import Shot, ShotLook
from forge_resources.schemas.types import AspectRatio, EngineKind, Tier

Sources = Mapping[str, Path]
"""The artefacts that go into an act of making: name in the recipe → local file to read."""

Facts = dict[str, Any]
"""What an engine measured while making, as JSON values."""

TextNode = Literal["concept", "culture", "script"]


@dataclass(frozen=True)
class Lack:
    """Something an engine needs that this machine does not have, and how to get it."""

    what: str
    remedy: str


class Engine(ABC):
    """Base of every engine. Subclass one of the kinds below, not this."""

    name: ClassVar[str]
    kind: ClassVar[EngineKind]
    tier: ClassVar[Tier]
    version: ClassVar[str]
    summary: ClassVar[str]
    media_type: ClassVar[str]
    suffix: ClassVar[str]
    Parameters: ClassVar[type[BaseModel]]
    device_bound: ClassVar[bool] = False
    """Whether it loads weights. `make` then takes its models from `gpu.residence.resident`, calls `gpu.steps.step` at
    every denoising or decoding step, and runs where the deployment says: in this process, in the worker or on a
    cluster. The class is made anew there, without arguments."""

    rough_suffix: ClassVar[str] = ""
    """Where it is not empty, `make` ends as soon as the device is not needed any more: it leaves a rough file of this
    suffix, such as pixels that are not compressed, and `finish` makes the artefact of it."""

    def imports(self) -> Sequence[str]:
        """The heavy modules that `make` needs, `module:name` for what a module loads when it is asked for, or
        `module:function()` for what it builds when it is first used.

        The worker imports them once, ahead of every process that it forks. This itself must load none of them.
        """
        return ()

    def models(self) -> Sequence[str]:
        """The models that `warm` takes, by name."""
        return ()

    def models_for(self, brief: Brief) -> Sequence[str]:
        """The models that it will use for a brief, by name. Cells with equal ones are made next to each other."""
        return ()

    def warm(self, model: str) -> None:
        """Loads a model, so that the first act of making finds it. Raises InvalidInput for one it does not know."""
        raise InvalidInput(f"The {self.kind} engine `{self.name}` has no model `{model}`.")

    def memory_preset(self, parameters: Any) -> str:
        """The name of the memory preset in `parameters`, such as `offload`; empty where there are none."""
        return ""

    def smaller(self, parameters: Any) -> BaseModel | None:
        """The same thing with the next smaller memory preset, for when the device ran out of memory with these.

        What it changes is part of the parameters, so the recipe says it. None where there is nothing smaller.
        """
        return None

    def lacks(self) -> list[Lack]:
        """What is missing on this machine; an empty list says that the engine can run here."""
        return []

    @abstractmethod
    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Writes what `parameters` (an instance of `Parameters`) asks for to `target`.

        Raises an error of the Forge family. May leave a half-written `target` behind when it does: the workshop
        removes it. Other files that it needs meanwhile belong beside `target`: they are removed with it, even where the
        process was killed.
        """

    def finish(self, parameters: Any, rough: Path, target: Path) -> None:
        """Makes `target` out of what `make` left as `rough`, where `rough_suffix` is not empty.

        It runs where the workshop is, while `make` may be at the next thing, in a thread or a process of its own; it
        loads no weights. Raises an error of the Forge family.
        """
        raise NotImplementedError(f"{type(self).__name__} has a rough_suffix and no finish")


class TextEngine(Engine):
    """Writes concept, culture and script as JSON documents of the contracts in `schemas.script`."""

    kind = "text"
    media_type = "application/json"
    suffix = ".json"
    translates: ClassVar[bool]
    """Whether it can bring a line into a language it was not supplied in."""
    waits: ClassVar[bool] = False
    """Whether making is mostly waiting for a server, so that several papers are best written at the same time."""

    def edition(self, language: str, source_language: str) -> str:
        """The version, and what else decides what is written in a language: settings, prompts.

        It is filed with a market's brief, so that a change makes stale the cells that it concerns and no others.
        """
        return self.version

    def remarks(self, brief: Brief) -> list[str]:
        """What of a brief this engine cannot take into account, in words for its author."""
        return []

    @abstractmethod
    def parameters(
        self, node: TextNode, brief: CellBrief, concept: Concept | None = None, culture: Culture | None = None
    ) -> BaseModel:
        """What of a cell enters the recipe of `node`. Only what matters to it, so that cells share equal papers."""


class ReadingTextEngine(TextEngine):
    """A text engine that reads as well: it judges a script, and revises one by what was found in it."""

    @abstractmethod
    def revision(
        self, brief: CellBrief, concept: Concept, culture: Culture, draft: Script, findings: Sequence[Finding]
    ) -> BaseModel:
        """The recipe of the next draft. Rows that no finding is about stay as they are in `draft`."""

    @abstractmethod
    def review(self, brief: CellBrief, concept: Concept, culture: Culture, script: Script) -> BaseModel:
        """The recipe of a review (JSON of `schemas.review.Review`)."""

    @abstractmethod
    def enhancement(self, brief: CellBrief, description: str) -> BaseModel:
        """The recipe of a picture's description, worked out (JSON of `schemas.review.Enhanced`)."""


class ImageEngine(Engine):
    """Draws one plate without text as PNG."""

    kind = "image"
    media_type = "image/png"
    suffix = ".png"
    directed: ClassVar[bool] = False
    """Whether looks come with a direction: style, people, product and places in words, settings, pictures to go by."""

    def order_faults(self, order: PictureOrder) -> Iterator[Fault]:
        """What of a brief's key `pictures` this engine does not take, with its place below that key.

        An engine that is not directed takes the number of takes and the choice among them.
        """
        for name in order.model_fields_set - {"takes", "choose"}:
            yield Fault(name, f"the image engine {self.name} does not take it; leave it out")

    def source_names(self, parameters: Any) -> list[str]:
        """Which of a direction's pictures go into the making: `start`, `mask`, `control-1`, `reference-1` …"""
        return []

    @abstractmethod
    def parameters(self, look: ShotLook, aspect_ratio: AspectRatio, references: int) -> BaseModel:
        """The recipe of a plate. `references` pictures of the product come as sources `product-1`, `product-2` …"""


class VoiceEngine(Engine):
    """Speaks one line as mono WAV, 16-bit PCM. Facts: `duration_s` (exact text of a rational), `sample_rate`."""

    kind = "voice"
    media_type = "audio/wav"
    suffix = ".wav"

    @abstractmethod
    def parameters(self, text: str, language: str, voice: str, rate_cps: float, longest_s: Fraction) -> BaseModel:
        """The recipe of a line: spoken at `rate_cps` characters a second, faster only to end within `longest_s`."""


class MotionEngine(Engine):
    """Sets a plate in motion: a camera move for the renderer (JSON) or a clip (MP4)."""

    kind = "motion"

    @abstractmethod
    def parameters(self, shot: Shot, aspect_ratio: AspectRatio) -> BaseModel:
        """The recipe of a shot's motion. The plate comes as source `plate`."""


class EditEngine(Engine):
    """Cuts and packages. Not chosen by a brief: there is one of each."""

    kind = "edit"
