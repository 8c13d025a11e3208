"""Small real engines for tests of the store: one that draws, one that writes, and some that go wrong."""

from __future__ import annotations

import time
import wave
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

from PIL import Image
from pydantic import Field

from forge_resources.engines.contract import EditEngine, Facts, Lack, Sources, VoiceEngine
from forge_resources.errors import EngineFailed
from forge_resources.schemas.types import Document


class Swatch(Document):
    """A plain picture of one colour, so many pixels wide and high."""

    colour: str = "#1f2a44"
    side: int = Field(8, gt=0)


class SwatchEngine(EditEngine):
    """Draws a swatch as PNG."""

    name = "swatch"
    tier = "draft"
    version = "1"
    summary = "One colour."
    media_type = "image/png"
    suffix = ".png"
    Parameters = Swatch

    def make(self, parameters: Swatch, sources: Sources, target: Path) -> Facts:
        Image.new("RGB", (parameters.side, parameters.side), parameters.colour).save(target, format="PNG")
        return {"side": parameters.side}


class HalfSwatchEngine(SwatchEngine):
    """Leaves half a picture, and says nothing about it."""

    def make(self, parameters: Swatch, sources: Sources, target: Path) -> Facts:
        facts = super().make(parameters, sources, target)
        target.write_bytes(target.read_bytes()[:-20])
        return facts


class Note(Document):
    text: str = "Wake up."


class NoteEngine(EditEngine):
    """Writes its text, and that of its sources after it. `log` has a line for every time it was really asked."""

    name = "note"
    tier = "draft"
    version = "1"
    summary = "A text."
    media_type = "text/plain"
    suffix = ".txt"
    Parameters = Note
    takes_s: ClassVar[float] = 0

    def __init__(self, log: Path | None = None) -> None:
        self.log = log

    def make(self, parameters: Note, sources: Sources, target: Path) -> Facts:
        if self.log:
            with self.log.open("a") as stream:
                stream.write("made\n")
        time.sleep(self.takes_s)
        target.write_text(parameters.text + "".join(sources[name].read_text() for name in sorted(sources)))
        return {"characters": len(parameters.text)}

    def times(self) -> int:
        """How often it was asked."""
        return self.log.read_text().count("made") if self.log and self.log.exists() else 0


class SlowNoteEngine(NoteEngine):
    takes_s = 0.5


class FailingEngine(NoteEngine):
    """Writes half of its file and gives up."""

    def make(self, parameters: Note, sources: Sources, target: Path) -> Facts:
        target.write_text(parameters.text[:2])
        raise EngineFailed("The ink ran out.")


class SilentEngine(NoteEngine):
    """Says that it is done and leaves nothing."""

    def make(self, parameters: Note, sources: Sources, target: Path) -> Facts:
        return {}


class EmptyEngine(NoteEngine):
    def make(self, parameters: Note, sources: Sources, target: Path) -> Facts:
        target.touch()
        return {}


class LackingEngine(NoteEngine):
    def lacks(self) -> list[Lack]:
        return [Lack("a pen", "Buy one."), Lack("paper", "Ask for some.")]


class Pause(Document):
    seconds: int = 1


class PauseVoice(VoiceEngine):
    """Says nothing, for a second: a second voice to choose from."""

    name = "pause"
    tier = "draft"
    version = "1"
    summary = "Silence."
    Parameters = Pause

    def parameters(self, text: str, language: str, voice: str, rate_cps: float, longest_s: Fraction) -> Pause:
        return Pause()

    def make(self, parameters: Pause, sources: Sources, target: Path) -> Facts:
        with wave.open(str(target), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(16000 * parameters.seconds))
        return {"duration_s": str(parameters.seconds), "sample_rate": 8000}


class BrokenVoice(PauseVoice):
    """Trips over a mistake of its own."""

    name = "broken"

    def make(self, parameters: Pause, sources: Sources, target: Path) -> Facts:
        return {"duration_s": [][parameters.seconds]}
