"""A spot to measure renderers with: plates with detail everywhere, moves, a dissolve, supers, an end card, a voice.

What belongs here: making the timeline and its media with the public engines. What does not: measuring.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from PIL import Image, ImageDraw, ImageFilter

from forge_resources.editing.cut import Cut
from forge_resources.editing.edit_list import CutLine, CutShot, CutTransition, TimelineParameters
from forge_resources.editing.profiles import load_profiles
from forge_resources.editing.timeline import TimelineEditor
from forge_resources.editing.timeline_reading import open_timeline, read_cut
from forge_resources.motion.still import StillParameters, path_of
from forge_resources.schemas.brand import Palette
from forge_resources.schemas.delivery import DeliveryProfile, FrameSize
from forge_resources.schemas.edit import CameraPath, TransitionNote
from forge_resources.schemas.script import BEATS, CameraMove
from forge_resources.voice.espeak import EspeakVoice

SHOT_S = Fraction(5, 2)
_MOVES: tuple[CameraMove, ...] = ("push", "pan-right", "pull", "tilt-up", "push", "pan-left")
_PLATES = 6


@dataclass(frozen=True)
class Sample:
    """A timeline with its media, and the profile it is cut for."""

    profile: DeliveryProfile
    document: otio.schema.Timeline
    cut: Cut
    sources: dict[str, Path]


def sample(folder: Path, seconds: int, size: tuple[int, int]) -> Sample:
    """A spot of so many seconds at a size, cut for the profile `web` at that size."""
    web = load_profiles()["web"]
    sizes = {**web.sizes, "16:9": FrameSize(width=size[0], height=size[1])}
    profile = web.model_copy(update={"sizes": sizes})
    plates = [_kept(_plate(folder, number)) for number in range(_PLATES)]
    voice = EspeakVoice()
    spoken = folder / "line.wav"
    facts = voice.make(voice.parameters("Wake up before your alarm does.", "en", "en-gb", 15, Fraction(2)), {}, spoken)
    sound = _kept(spoken)
    count = int(seconds / SHOT_S)
    shots = [
        CutShot(
            shot=number + 1,
            beat=BEATS[number % len(BEATS)],
            duration_s=SHOT_S,
            super=None if number % 3 == 2 else "Wakes you with light",
            media=plates[number % _PLATES][0],
            suffix=".png",
            recipe=plates[number % _PLATES][0],
            path=path_of(
                StillParameters(move=_MOVES[number % len(_MOVES)], reach=Fraction(1, 10), focus=Fraction(1, 2))
            ),
            transition=CutTransition(note=TransitionNote(kind="dissolve"), seconds=Fraction(1, 2))
            if number % 5 == 2
            else None,
        )
        for number in range(count)
    ]
    lines = [
        CutLine(
            shot=shot.shot,
            text="Wake up before your alarm does.",
            media=sound[0],
            recipe=sound[0],
            duration_s=facts["duration_s"],
            sample_rate=facts["sample_rate"],
        )
        for shot in shots
        if shot.shot % 2
    ]
    parameters = TimelineParameters(
        cell="bench", language="en", aspect_ratio="16:9", fps=profile.fps, size=sizes["16:9"],
        safe_area=profile.safe_areas["16:9"], palette=Palette(primary="#203040", accent="#e0a030"), tier="draft",
        brand_name="Lumen", logo=None, product_name="Aurora Lamp", call_to_action="Try it for 30 nights.", legal=[],
        shots=shots, voice=lines, fonts={},
    )  # fmt: skip
    written = folder / "spot.otio"
    TimelineEditor().make(parameters, {}, written)
    document = open_timeline(written)
    return Sample(profile, document, read_cut(document), {"timeline": written, **dict(plates), sound[0]: sound[1]})


def _path(move: CameraMove) -> CameraPath:
    return path_of(StillParameters(move=move, reach=Fraction(1, 10), focus=Fraction(1, 2)))


def _plate(folder: Path, number: int) -> Path:
    chance = random.Random(number)
    picture = Image.new("RGB", (1920, 1080), (190, 170, 150))
    draw = ImageDraw.Draw(picture)
    for _ in range(500):
        x, y, r = chance.randrange(1920), chance.randrange(1080), chance.randrange(6, 120)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(chance.randrange(256) for _ in range(3)))
    path = folder / f"plate-{number}.png"
    picture.filter(ImageFilter.GaussianBlur(1.5)).save(path, compress_level=1)
    return path


def _kept(path: Path) -> tuple[str, Path]:
    return hashlib.sha256(path.read_bytes()).hexdigest(), path
