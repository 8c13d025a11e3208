"""The music and effects of a cell as an edit list: from what the brief asks for to pieces with their place.

What belongs here: which piece lies where. What does not: reading the files (see `briefs.sound_files`), mixing (see
`mix_down`).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import PurePosixPath

from forge_resources.editing.edit_list import CutSound
from forge_resources.editing.neutral_bed import BedParameters
from forge_resources.schemas.brief import CellBrief, KeptSound, MarketBrief, Music
from forge_resources.schemas.edit import SoundNote
from forge_resources.store.tally import Tally
from forge_resources.store.workshop import Workshop

_NEUTRAL = SoundNote(gain_db=-8, duck_db=8, fade_in_s=Fraction(1), fade_out_s=Fraction(2))


def sounds_of(workshop: Workshop, brief: CellBrief, tally: Tally) -> list[CutSound]:
    """The pieces of music and effects of a cell's spot; a neutral bed is made where the brief asks for one."""
    market_brief = brief.market_brief
    found = list(_effects(market_brief))
    duration = Fraction(market_brief.duration_s)
    if isinstance(market_brief.music, Music):
        found.append(_music(market_brief.music, market_brief.sounds[market_brief.music.file], duration))
    elif market_brief.music == "neutral":
        # The brief's own seed: every cell of a brief has the same bed.
        parameters = BedParameters(duration_s=duration, seed=market_brief.seed)
        bed = tally.add(workshop.make(workshop.engine("edit", "neutral-bed"), parameters))
        found.append(
            CutSound(
                track="music",
                media=bed.sha256,
                suffix=bed.suffix,
                at_s=Fraction(0),
                duration_s=duration,
                sample_rate=bed.facts["sample_rate"],
                note=_NEUTRAL.model_copy(update={"recipe": bed.fingerprint}),
            )
        )
    return found


def _music(music: Music, kept: KeptSound, duration: Fraction) -> CutSound:
    """The bed from the start of the spot; one that is shorter than the spot ends with its own fade."""
    name = PurePosixPath(kept.name)
    left = Fraction(kept.samples, kept.sample_rate) - music.from_s
    return CutSound(
        track="music",
        media=name.stem,
        suffix=name.suffix,
        at_s=Fraction(0),
        skip_s=music.from_s,
        duration_s=min(left, duration),
        sample_rate=kept.sample_rate,
        note=SoundNote(
            gain_db=music.gain_db,
            duck_db=music.duck_db,
            fade_in_s=music.fade_in_s,
            fade_out_s=music.fade_out_s,
        ),
    )


def _effects(market_brief: MarketBrief) -> Iterator[CutSound]:
    """Effects in order of time; one that would run into the next, or past the end, is cut there."""
    ordered = sorted(market_brief.effects, key=lambda effect: effect.at_s)
    for index, effect in enumerate(ordered):
        kept = market_brief.sounds[effect.file]
        name = PurePosixPath(kept.name)
        until = ordered[index + 1].at_s if index + 1 < len(ordered) else Fraction(market_brief.duration_s)
        length = min(Fraction(kept.samples, kept.sample_rate), until - effect.at_s)
        note = SoundNote(
            gain_db=effect.gain_db,
            duck_db=effect.duck_db,
            fade_in_s=effect.fade_in_s,
            fade_out_s=effect.fade_out_s,
        )
        yield CutSound(
            track="effects",
            media=name.stem,
            suffix=name.suffix,
            at_s=effect.at_s,
            duration_s=length,
            sample_rate=kept.sample_rate,
            note=note,
        )
