"""The edit: cut points, voice placement, supers, legal holds, the end card, and the document as it is read back."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from forge_resources.editing.cut import Cut, Lettering
from forge_resources.editing.edit_list import CutClip, CutLine, CutShot, CutSound, TimelineParameters
from forge_resources.editing.profiles import load_profiles
from forge_resources.editing.timeline import TimelineEditor, timeline_parameters
from forge_resources.editing.timeline_reading import open_timeline, read_cut
from forge_resources.editing.timing import (
    Spoken,
    end_card_span,
    legal_hold_s,
    shot_spans,
    voice_starts,
    words_in,
)
from forge_resources.editing.transitions import transition_into
from forge_resources.engines.registry import engine
from forge_resources.errors import Blocked, InvalidInput
from forge_resources.schemas.brand import Palette
from forge_resources.schemas.brief import MarketBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.edit import CameraPath, SoundNote, SpokenLine, Voiceover, Window
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.script import Script
from forge_resources.schemas.storyboard import Frames, Storyboard

CALL = "30 Nächte ausprobieren."
ROWS = [
    ("hook", "2.5", "Noch vor dem Wecker."),
    ("tension", "3", None),
    ("product", "3.5", "Weckt mit Licht"),
    ("proof", "3", "40 Stunden mit einer Ladung"),
    ("call", "3", CALL),
]
PALETTE = Palette(primary="#12355b", accent="#f5a623")


def sha(letter: str) -> str:
    return letter * 64


def line(shot: int, seconds: str, rate: int = 22050) -> CutLine:
    return CutLine(
        shot=shot, text=f"Satz {shot}.", media=sha(str(shot)), recipe=sha("0"), duration_s=seconds, sample_rate=rate
    )


def edit_list(rows: Sequence[tuple[str, str, str | None]] = ROWS, **other: Any) -> TimelineParameters:
    web = load_profiles()["web"]
    shots = [
        CutShot(
            shot=i,
            beat=beat,
            duration_s=seconds,
            super=text,
            media=sha("abcdef"[i % 6]),
            suffix=".png",
            recipe=sha("0"),
            path=None,
            transition=transition_into(beat, rows[i - 2][0], ["warm"]) if i > 1 else None,
        )
        for i, (beat, seconds, text) in enumerate(rows, 1)
    ]
    fields: dict[str, Any] = {
        "cell": "aurora-launch@de-DE|busy-parent",
        "language": "de",
        "aspect_ratio": "16:9",
        "fps": 24,
        "size": web.sizes["16:9"],
        "safe_area": web.safe_areas["16:9"],
        "palette": PALETTE,
        "tier": "draft",
        "brand_name": "Lumen",
        "logo": None,
        "product_name": "Aurora Lamp",
        "call_to_action": CALL,
        "legal": [],
        "shots": shots,
        "voice": [],
        "fonts": {},
        **other,
    }
    return TimelineParameters.model_validate(fields)


def cut_of(parameters: TimelineParameters, folder: Path) -> Cut:
    target = folder / "made.otio"
    TimelineEditor().make(parameters, {}, target)
    return read_cut(open_timeline(target))


def of_role(cut: Cut, role: str) -> list[Lettering]:
    return [item for item in cut.lettering if item.note.role == role]


def test_the_picture_is_as_long_as_asked_and_cut_where_asked(tmp_path: Path) -> None:
    cut = cut_of(edit_list(), tmp_path)
    assert cut.note.frames == 360
    spans = shot_spans([Fraction(seconds) for _, seconds, _ in ROWS], Fraction(24))
    assert [(span.start, span.end) for span in spans] == [(0, 60), (60, 132), (132, 216), (216, 288), (288, 360)]


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001)])
def test_odd_seconds_never_add_up_to_a_lost_frame(fps: Fraction, tmp_path: Path) -> None:
    rows = [("hook", "2.14285714", None)] * 6 + [("call", str(15 - 6 * Fraction("2.14285714")), None)]
    cut = cut_of(edit_list(rows, fps=fps), tmp_path)
    assert cut.note.frames == int(15 * fps + Fraction(1, 2))
    assert sum(p.frames for p in cut.pictures) == cut.note.frames


def test_a_shot_without_a_frame_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Shot 2 is shorter than one frame"):
        shot_spans([Fraction(2), Fraction(1, 100), Fraction(2)], Fraction(24))


def test_tension_dissolves_into_the_product_and_clips_do_not(tmp_path: Path) -> None:
    parameters = edit_list()
    assert [p.fade_frames for p in cut_of(parameters, tmp_path).pictures] == [0, 0, 12, 0, 0]
    clip = CutClip(media=sha("8"), suffix=".mp4", recipe=sha("1"), duration_s=Fraction(2))
    shots = [*parameters.shots]
    shots[1] = shots[1].model_copy(update={"clip": clip})
    cut = cut_of(parameters.model_copy(update={"shots": shots}), tmp_path)
    assert [p.fade_frames for p in cut.pictures] == [0] * 5
    played, held = cut.motion
    # Two seconds of clip for three of the shot: the last frame is held.
    assert (played.first, played.frames, played.skip, played.frozen) == (60, 48, 0, False)
    assert (held.first, held.frames, held.skip, held.frozen) == (108, 24, 47, True)
    assert {played.medium.suffix, held.medium.suffix} == {".mp4"}


def test_supers_come_and_go_within_their_shot_and_the_call_is_said_once(tmp_path: Path) -> None:
    cut = cut_of(edit_list(), tmp_path)
    supers = of_role(cut, "super")
    assert [item.note.text for item in supers] == [["Noch vor dem Wecker."], ["Weckt mit Licht"], [ROWS[3][2]]]
    for item, (start, end) in zip(supers, [(0, 60), (132, 216), (216, 288)], strict=True):
        assert start < item.first < start + 12
        assert end - 12 < item.first + item.frames < end
        assert item.note.fade_in == item.note.fade_out == 6
    (card,) = of_role(cut, "end-card")
    assert (card.first, card.frames, card.note.text) == (300, 60, [CALL])
    assert card.note.fade_in > 0


def test_another_super_on_the_last_shot_is_gone_before_the_end_card(tmp_path: Path) -> None:
    rows = [
        *ROWS[:4],
        ("call", "5", "Schlaf gut."),
    ]
    cut = cut_of(edit_list(rows), tmp_path)
    last, (card,) = of_role(cut, "super")[-1], of_role(cut, "end-card")
    assert last.note.text == ["Schlaf gut."]
    assert last.first + last.frames < card.first


@pytest.mark.parametrize(("durations", "frames"), [(("3", "3"), 48), (("9", "6"), 60), (("5", "1"), 24)])
def test_the_end_card_is_a_third_of_a_short_spot_and_never_leaves_its_shot(
    durations: tuple[str, str], frames: int
) -> None:
    span = end_card_span([Fraction(seconds) for seconds in durations], Fraction(24))
    assert span.frames == frames
    assert span.end == sum(int(seconds) for seconds in durations) * 24


# Legal lines


def test_a_hold_counts_every_word() -> None:
    assert legal_hold_s(["Nur bei uns.", "Solange Vorrat reicht."]) == 2 + Fraction(6, 5)
    assert words_in("効果を保証するものではありません") == 6
    assert words_in("— –") == 2


def test_legal_lines_are_held_in_full_before_the_end_card(tmp_path: Path) -> None:
    legal = ["Nur bei teilnehmenden Händlern.", "Solange der Vorrat reicht."]
    cut = cut_of(edit_list(legal=legal), tmp_path)
    (item,) = of_role(cut, "legal")
    held = item.frames - item.note.fade_in - item.note.fade_out
    assert Fraction(held, 24) >= legal_hold_s(legal)
    assert item.first + item.frames == 300
    assert all(shown.note.above == legal for shown in of_role(cut, "super"))
    assert of_role(cut, "end-card")[0].note.above == []


def test_legal_lines_that_need_longer_stand_over_the_end_card(tmp_path: Path) -> None:
    rows = [("product", "4", "Licht"), ("call", "2", None)]
    legal = ["Nur bei teilnehmenden Händlern und solange der Vorrat reicht, weitere Bedingungen online."]
    cut = cut_of(edit_list(rows, legal=legal), tmp_path)
    (item,), (card,) = of_role(cut, "legal"), of_role(cut, "end-card")
    assert item.first + item.frames == 144
    assert card.note.above == legal
    # Drawn from the bottom up: the legal line last.
    assert cut.lettering[-1] is item


def test_a_spot_too_short_for_its_legal_lines_is_blocked_with_the_seconds(tmp_path: Path) -> None:
    rows = [("product", "4", None), ("call", "2", None)]
    with pytest.raises(Blocked, match=r"held for 6\.0 s, and the spot is 0\.50 s too short"):
        cut_of(edit_list(rows, legal=[" ".join(["Wort"] * 20)]), tmp_path)


# Voice


def spoken(shot: int, start: str, shot_seconds: str, seconds: str) -> Spoken:
    return Spoken(shot, Fraction(start), Fraction(shot_seconds), Fraction(seconds))


def test_lines_start_just_after_their_cut() -> None:
    starts = voice_starts([spoken(1, "0", "3", "2"), spoken(2, "3", "3", "2")], Fraction(6))
    assert starts == [Fraction("0.15"), Fraction("3.15")]


def test_a_long_last_line_is_moved_ahead_to_end_with_the_spot() -> None:
    assert voice_starts([spoken(2, "3", "3", "3.1")], Fraction(6)) == [Fraction("2.9")]


def test_a_line_that_runs_over_moves_the_next_one() -> None:
    first, second = voice_starts([spoken(1, "0", "3", "3.2"), spoken(2, "3", "3", "2")], Fraction(6))
    assert first + Fraction("3.2") < second
    assert second + 2 <= 6


@pytest.mark.parametrize(
    ("lines", "shot", "missing"),
    [
        ([spoken(1, "0", "3", "2"), spoken(2, "3", "3", "4")], 2, "0.75"),
        ([spoken(1, "0", "3", "5"), spoken(2, "3", "3", "2")], 1, "1.10"),
        ([spoken(1, "0", "6", "6.5")], 1, "0.50"),
    ],
)
def test_a_line_that_cannot_fit_is_blocked_by_shot_and_seconds(lines: list[Spoken], shot: int, missing: str) -> None:
    with pytest.raises(Blocked, match=f"voice-over of shot {shot} is {missing} s too long"):
        voice_starts(lines, Fraction(6))


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(30000, 1001)])
def test_the_voice_track_is_exact_to_the_sample_and_as_long_as_the_picture(fps: Fraction, tmp_path: Path) -> None:
    voice = [line(1, "50715/22050"), line(3, "3"), line(5, "1.9", rate=48000)]
    cut = cut_of(edit_list(voice=voice, fps=fps), tmp_path)
    assert [item.samples for item in cut.voice] == [50715, 66150, 91200]
    for item, wanted in zip(cut.voice, ["0.15", "5.65", "12.15"], strict=True):
        assert 0 <= Fraction(wanted) - item.at < Fraction(1, 10000)
    timeline = open_timeline(tmp_path / "made.otio")
    track = next(t for t in timeline.tracks if t.name == "voice")
    length = sum(Fraction(i.source_range.duration.value) / Fraction(i.source_range.duration.rate) for i in track)
    assert abs(length - Fraction(cut.note.frames) / fps) < Fraction(1, 22050)


# The document


def test_the_document_is_plain_otio_and_always_the_same_bytes(tmp_path: Path) -> None:
    parameters = edit_list(voice=[line(1, "2")], legal=["Nur bei uns."])
    for name in ("one", "two"):
        facts = TimelineEditor().make(parameters, {}, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert facts == {"frames": 360, "duration_s": "15", "shots": 5, "supers": 3, "lines": 1}
    timeline = open_timeline(tmp_path / "one")
    assert timeline.global_start_time == otio.opentime.RationalTime(0, 24)
    assert [track.name for track in timeline.tracks] == ["picture", "super", "end-card", "legal", "voice"]
    for track in timeline.tracks[:4]:
        assert track.duration() == otio.opentime.RationalTime(360, 24)
    assert [marker.name for marker in timeline.tracks.markers][:2] == ["shot 1: hook", "shot 2: tension"]


def test_the_document_starts_at_its_time_code_and_has_handles_and_markers(tmp_path: Path) -> None:
    fps = Fraction(30000, 1001)
    clip = CutClip(media=sha("8"), suffix=".mp4", recipe=sha("1"), duration_s=Fraction(9))
    parameters = edit_list(fps=fps, start_timecode="01:00:00;00")
    shots = [*parameters.shots]
    shots[1] = shots[1].model_copy(update={"clip": clip})
    TimelineEditor().make(parameters.model_copy(update={"shots": shots}), {}, tmp_path / "made.otio")
    timeline = open_timeline(tmp_path / "made.otio")
    assert timeline.global_start_time.value == 107_892
    assert otio.opentime.to_timecode(timeline.global_start_time, float(fps), True) == "01:00:00;00"
    picture, motion = timeline.tracks[0], timeline.tracks[1]
    for plate in (item for item in picture if isinstance(item, otio.schema.Clip)):
        available, used = plate.media_reference.available_range, plate.source_range
        assert used.start_time.value == 30
        assert available.duration.value - used.duration.value == 60
    (moving,) = motion.find_clips()
    # Nine seconds at 29.97 are 269 whole frames; the shot takes three of them.
    assert moving.media_reference.available_range.duration.value == 269
    markers = timeline.tracks.markers
    assert [marker.metadata["forge"]["recipe"] for marker in markers] == [sha("0"), sha("1"), *[sha("0")] * 3]
    assert markers[1].comment == f"recipe {sha('1')}"


def test_music_and_effects_have_tracks_of_their_own_and_end_with_the_picture(tmp_path: Path) -> None:
    note = SoundNote(gain_db=-12, duck_db=9, fade_out_s=Fraction(1))
    bed = CutSound(
        track="music", media=sha("7"), suffix=".wav", at_s=Fraction(0), duration_s=Fraction(20), sample_rate=48000,
        note=note,
    )  # fmt: skip
    late = bed.model_copy(update={"track": "effects", "at_s": Fraction(16)})
    cut = cut_of(edit_list(sounds=[bed]), tmp_path)
    (music,) = cut.sounds
    assert (music.track, music.at, music.samples, music.note) == ("music", 0, 15 * 48000, note)
    with pytest.raises(InvalidInput, match="after the spot's end"):
        cut_of(edit_list(sounds=[late]), tmp_path)
    over = bed.model_copy(update={"at_s": Fraction(2)})
    with pytest.raises(InvalidInput, match=r"Two clips of the music track overlap at 2\.00 s"):
        cut_of(edit_list(sounds=[bed.model_copy(update={"duration_s": Fraction(3)}), over]), tmp_path)


@pytest.mark.parametrize(
    ("tone", "kind"), [("warm", "dissolve"), ("bold", "wipe"), ("premium", "dip"), ("unheard-of", "dissolve")]
)
def test_the_tone_of_a_brief_chooses_the_transition(tone: str, kind: str) -> None:
    found = transition_into("product", "tension", [tone])
    assert found is not None
    assert found.note.kind == kind
    assert transition_into("proof", "product", [tone]) is None


def test_fonts_are_part_of_the_document(tmp_path: Path) -> None:
    cut = cut_of(edit_list(fonts={"Face.ttf": sha("a")}), tmp_path)
    assert cut.note.fonts == {"Face.ttf": sha("a")}


def test_text_that_does_not_fit_is_known_at_the_edit(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="characters too long"):
        cut_of(edit_list([("hook", "3", "RINDFLEISCH" * 9), ("call", "3", None)]), tmp_path)


def test_the_engine_is_registered_and_ready() -> None:
    assert engine("edit", "timeline").lacks() == []


# From the papers of a cell


def artefact(letter: str, suffix: str = ".png", tier: str = "draft", **facts: Any) -> Artefact:
    fields = {"sha256": sha(letter), "size": 1, "suffix": suffix, "media_type": "image/png", "fingerprint": sha("f")}
    return Artefact.model_validate({**fields, "tier": tier, "facts": facts})


def papers(**brief_fields: Any) -> dict[str, Any]:
    look = {
        "description": "A lamp.",
        "camera": {"size": "wide"},
        "setting": "bedroom",
        "time_of_day": "dawn",
        "light": "warm-lamp",
        "product_name": "Aurora Lamp",
        "palette": PALETTE,
        "seed": 1,
    }
    shots = [
        {"number": i, "duration_s": seconds, "beat": beat, "scope": "cell", "look": look}
        for i, (beat, seconds, _) in enumerate(ROWS, 1)
    ]
    rows = [
        {"shot": i, "duration_s": seconds, "beat": beat, "visual": "A lamp.", "super": text}
        for i, (beat, seconds, text) in enumerate(ROWS, 1)
    ]
    language = {
        "code": "de",
        "insights": [{"topic": "wording", "text": "Short."}],
        "speech_rate_cps": 15,
        "reading_speed_cps": 17,
        "line_length": 42,
    }
    market = {
        "market": {
            "code": "de-DE",
            "country": "DE",
            "language": "de",
            "voice": "de",
            "delivery": ["web"],
            "must_say": ["Gilt nur in Deutschland."],
        },
        "region": "Central Europe",
        "language": language,
        "insights": [],
        "traits": {},
    }
    brief = {
        "brief": "aurora-launch",
        "source_language": "en",
        "brand": {"slug": "lumen", "name": "Lumen", "palette": PALETTE, "voice": ["calm"]},
        "product": {"name": "Aurora Lamp", "description": "A lamp.", "selling_points": ["Light"]},
        "source_lines": {"language": "en", "message": "m", "call_to_action": "c", "selling_points": ["s"]},
        "lines": {"language": "de", "message": "m", "call_to_action": CALL, "selling_points": ["s"]},
        "tone": ["warm"],
        "duration_s": 15,
        "aspect_ratio": "16:9",
        "market": market,
        "claims": [],
        "must_say": ["Nur bei uns.", "Gilt nur in Deutschland."],
        "must_not_say": [],
        "origin": None,
        "approval": "auto",
        "engines": {"text": "draft", "image": "sketch", "voice": "espeak", "motion": "still"},
        "engine_versions": {"text": "1", "image": "1", "voice": "1", "motion": "1"},
        "profile_versions": {},
        "seed": 7,
        "delivery": ["web"],
        **brief_fields,
    }
    path = CameraPath(move="push", start=Window(), end=Window(size=Fraction(4, 5)))
    sound = artefact("9", ".wav", sample_rate=22050)
    return {
        "cell": CellKey(brief="aurora-launch", market="de-DE", persona="busy-parent"),
        "script": Script.model_validate({"language": "de", "tier": "full", "rows": rows}),
        "storyboard": Storyboard.model_validate({"aspect_ratio": "16:9", "shots": shots}),
        "frames": Frames.model_validate(
            {
                "plates": [{"shot": i, "picture": artefact("abcde"[i - 1], tier="full")} for i in range(1, 6)],
                "contact_sheet": artefact("7"),
            }
        ),
        "paths": dict.fromkeys(range(1, 6), path),
        "voiceover": Voiceover(lines=[SpokenLine(shot=1, text="Hallo.", sound=sound, duration_s=Fraction(1))]),
        "market_brief": MarketBrief.model_validate(brief),
        "profile": load_profiles()["web"],
    }


def test_the_edit_list_gathers_the_papers_of_a_cell() -> None:
    made = timeline_parameters(**papers())
    assert made.cell == "aurora-launch@de-DE|busy-parent"
    assert made.legal == ["Nur bei uns.", "Gilt nur in Deutschland."]
    assert made.tier == "draft"  # the voice is a draft
    assert made.shots[0].path is not None
    assert "SourceSansPro-Semibold.ttf" in made.fonts
    assert TimelineParameters.model_validate(made.model_dump(mode="json")) == made


def test_a_clip_stands_in_for_its_plate() -> None:
    made = timeline_parameters(**{**papers(), "clips": {2: artefact("8", ".mp4", "full")}})
    assert made.shots[1].media == sha("b")
    assert made.shots[1].clip == CutClip(media=sha("8"), suffix=".mp4", recipe=sha("f"), duration_s=None)
    assert made.shots[0].clip is None


def test_papers_that_do_not_belong_together_are_refused() -> None:
    whole = papers()
    with pytest.raises(InvalidInput, match="same shots"):
        timeline_parameters(**{**whole, "frames": whole["frames"].model_copy(update={"plates": []})})
    with pytest.raises(InvalidInput, match="no plates for 9:16"):
        timeline_parameters(**{**whole, "profile": load_profiles()["social-vertical"]})


def test_an_end_card_without_a_call_to_action_is_blocked() -> None:
    lines = {"language": "de", "message": None, "call_to_action": None, "selling_points": None}
    with pytest.raises(Blocked, match="call to action"):
        timeline_parameters(**papers(lines=lines))
