"""The `mix` engine: the sound of a timeline, levelled for an outlet, as a WAV of its own.

What belongs here: the recipe. What does not: mixing and levelling (see `sound`), or the codec (see `packaging`).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from forge_resources.editing import ffmpeg
from forge_resources.editing.sound import level_track
from forge_resources.editing.timeline_reading import open_timeline, read_cut
from forge_resources.engines.contract import EditEngine, Facts, Sources
from forge_resources.errors import InvalidInput
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.media_formats import AudioFormat, Loudness
from forge_resources.schemas.types import Document, Tier


class MixParameters(Document):
    """All that decides the bytes of a mix besides its timeline and media. `ffmpeg` is a version."""

    audio: AudioFormat
    loudness: Loudness
    ffmpeg: str


def mix_parameters(profile: DeliveryProfile) -> MixParameters:
    """The recipe of the sound for a delivery profile."""
    return MixParameters(audio=profile.audio, loudness=profile.loudness, ffmpeg=ffmpeg.version())


class Mixer(EditEngine):
    """Mixes the sound of source `timeline`. Facts: `gain_db` and whether peaks were `limited`."""

    name = "mix"
    tier: ClassVar[Tier] = "full"
    version = "2"
    summary = "Mixes the sound of a timeline to an outlet's loudness."
    media_type = "audio/wav"
    suffix = ".wav"
    Parameters: ClassVar[type[BaseModel]] = MixParameters

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """`sources`: `timeline`, and by its SHA-256 every sound that it names. Raises as `level_track` does."""
        wanted = MixParameters.model_validate(parameters)
        cut = read_cut(open_timeline(sources["timeline"]))
        heard = {line.medium.sha256 for line in cut.voice} | {sound.medium.sha256 for sound in cut.sounds}
        if missing := sorted(heard - set(sources)):
            raise InvalidInput(f"The timeline names sounds that were not handed in: {', '.join(missing)}.")
        with tempfile.TemporaryDirectory(prefix="forge-mix-", dir=target.parent) as folder:
            duration = cut.note.frames / cut.note.fps
            track = level_track(cut.voice, sources, duration, wanted.audio, wanted.loudness, Path(folder), cut.sounds)
            shutil.copyfile(track.path, target)
        return {"gain_db": None if track.gain_db is None else round(track.gain_db, 2), "limited": track.limited}
