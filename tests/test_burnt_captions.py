"""Captions in the picture: on the timeline with the words of the voice, at the upper edge of the safe area."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import opentimelineio as otio
import pytest

from forge_resources.editing.edit_list import BurntCaptions
from forge_resources.editing.profiles import load_profiles
from forge_resources.editing.timeline import TimelineEditor
from forge_resources.editing.timeline_reading import open_timeline, read_cut
from forge_resources.editing.type_plates import draw_type, place_caption, place_super
from forge_resources.schemas.edit import TypeNote
from tests.test_timeline import edit_list, line
from tests.test_typography import RATIOS, note_of

GUIDE = BurntCaptions(line_length=42, max_lines=2, reading_speed_cps=17)
SAID = "Die Lampe weckt dich mit Licht, ganz sanft, wie ein Sonnenaufgang am Meer."

VOICE = line(1, "4.5").model_copy(update={"text": SAID})


def test_the_timeline_carries_what_is_said(tmp_path: Path) -> None:
    wanted = edit_list([("hook", "6", None), ("call", "3", None)], voice=[VOICE])
    parameters = wanted.model_copy(update={"captions": GUIDE})
    TimelineEditor().make(parameters, {}, tmp_path / "a.otio")
    timeline = open_timeline(tmp_path / "a.otio")
    cut = read_cut(timeline)
    captions = [item for item in cut.lettering if item.note.role == "caption"]
    assert " ".join(text for item in captions for text in item.note.text) == SAID
    assert all(before.first + before.frames + 2 <= after.first for before, after in pairwise(captions))
    track = next(track for track in timeline.tracks if track.name == "caption")
    assert track.kind == otio.schema.TrackKind.Video


def test_an_outlet_without_them_has_none(tmp_path: Path) -> None:
    TimelineEditor().make(edit_list([("hook", "6", None), ("call", "3", None)], voice=[VOICE]), {}, tmp_path / "a.otio")
    assert not [item for item in read_cut(open_timeline(tmp_path / "a.otio")).lettering if item.note.role == "caption"]


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_caption_keeps_to_the_safe_area_and_clear_of_a_super(ratio: str) -> None:
    note = note_of(ratio)  # type: ignore[arg-type]
    lines = ["Die Lampe weckt dich mit Licht, ganz sanft,", "wie ein Sonnenaufgang."]
    placed = place_caption(lines, note)
    left, top, right, bottom = placed.box()
    safe, size = note.safe_area, note.size
    assert left >= round(safe.left * size.width) - 1
    assert right <= round((1 - safe.right) * size.width) + 1
    assert top >= round(safe.top * size.height) - 1
    assert bottom < place_super(TypeNote(role="super", text=["Wach auf, bevor der Wecker klingelt."]), note).top
    assert draw_type(TypeNote(role="caption", text=lines), note, None).picture.getbbox()


def test_which_outlets_want_them() -> None:
    assert {slug for slug, profile in load_profiles().items() if profile.captions_burnt} == {
        "social-square", "social-vertical",
    }  # fmt: skip
