"""Lists for other editing systems, read back by readers that know nothing of Forge: same events, same frames."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from forge_resources.editing.edit_list import CutClip, CutSound, CutTransition
from forge_resources.editing.interchange.events import Sheet, sheet_of
from forge_resources.editing.interchange.writers import FORMATS, InterchangeParameters
from forge_resources.editing.timeline_tracks import build_timeline
from forge_resources.engines.registry import engine
from forge_resources.errors import InvalidInput
from forge_resources.schemas.edit import SoundNote, TransitionNote
from forge_resources.schemas.timecode import RATES, can_drop, frame_number
from tests.test_timeline import edit_list, line, sha

DISSOLVE = CutTransition(note=TransitionNote(kind="dissolve"), seconds=Fraction(1, 2))
WIPE = CutTransition(note=TransitionNote(kind="wipe", direction="left"), seconds=Fraction(2, 5))
DIP = CutTransition(note=TransitionNote(kind="dip", colour="#112233"), seconds=Fraction(3, 5))
CLIP = CutClip(media=sha("8"), suffix=".mp4", recipe=sha("1"), duration_s=Fraction(2))
MUSIC = CutSound(
    track="music", media=sha("7"), suffix=".wav", at_s=Fraction(0), duration_s=Fraction(15), sample_rate=48000,
    note=SoundNote(gain_db=-12, duck_db=9, fade_out_s=Fraction(1)),
)  # fmt: skip
WHISTLE = CutSound(
    track="effects", media=sha("6"), suffix=".wav", at_s=Fraction(4), skip_s=Fraction(1, 2), duration_s=Fraction(1),
    sample_rate=48000, note=SoundNote(),
)  # fmt: skip
CLOCKS = [
    pytest.param(fps, start, id=f"{name}{'-drop' if ';' in start else ''}")
    for name, fps in RATES.items()
    for start in ["10:00:00:00", "00:59:59;28"]
    if ";" not in start or can_drop(fps)
]


@dataclass(frozen=True)
class Seen:
    """A picture as a reader of a list sees it: its file, its frames of the record, its first frame of the source."""

    file: str
    start: int
    end: int
    source: int


def timeline(fps: Fraction = Fraction(24), start: str = "01:00:00:00", **other: Any) -> otio.schema.Timeline:
    """A spot with a dissolve, a wipe, a clip that is held, two lines, music and an effect."""
    parameters = edit_list(
        fps=fps, start_timecode=start, voice=[line(1, "2"), line(4, "1.9")], legal=["Nur bei uns."],
        sounds=[MUSIC, WHISTLE], **other,
    )  # fmt: skip
    shots = [*parameters.shots]
    shots[1] = shots[1].model_copy(update={"transition": WIPE})
    shots[2] = shots[2].model_copy(update={"transition": DISSOLVE})
    shots[4] = shots[4].model_copy(update={"clip": CLIP})
    return build_timeline(parameters.model_copy(update={"shots": shots}))


def written(document: otio.schema.Timeline, name: str, folder: Path) -> Path:
    source = folder / "spot.otio"
    otio.adapters.write_to_file(document, str(source))
    writer = engine("edit", f"interchange-{name}")
    target = folder / f"spot{writer.suffix}"
    writer.make(InterchangeParameters(), {"timeline": source}, target)
    return target


def at(sheet: Sheet) -> list[Seen]:
    return [
        Seen(f"media/{event.medium.sha256}{event.medium.suffix}", event.start, event.end, event.source)
        for event in sheet.flat()
    ]


@pytest.mark.parametrize(("fps", "start"), CLOCKS)
def test_an_edl_read_by_another_program_has_the_same_events_and_frames(
    fps: Fraction, start: str, tmp_path: Path
) -> None:
    document = timeline(fps, start)
    sheet = sheet_of(document)
    text = written(document, "edl", tmp_path).read_bytes().decode("ascii")
    read = otio.adapters.read_from_string(text, adapter_name="cmx_3600", rate=float(fps))
    tracks = {track.name: track for track in read.tracks}
    assert set(tracks) == {"V", "A1", "A2", "A3"}
    # A list ends an event where the transition to the next begins; OTIO puts it back between the two.
    found, place = [], 0
    for item in tracks["V"]:
        if isinstance(item, otio.schema.Transition):
            continue
        frames = round(item.duration().value)
        found.append((item.media_reference.target_url, place, place + frames))
        place += frames
    events = sheet.flat()
    heads = [event.start - (event.entry.before if event.entry else 0) for event in events]
    wanted = [
        (seen.file, head, tail)
        for seen, head, tail in zip(at(sheet), heads, [*heads[1:], sheet.note.frames], strict=True)
    ]
    assert found == wanted
    transitions = [item for item in tracks["V"] if isinstance(item, otio.schema.Transition)]
    assert [round(each.out_offset.value) for each in transitions] == [
        event.entry.frames for event in events if event.entry
    ]
    assert [each.transition_type for each in transitions] == ["SMPTE_Wipe", "SMPTE_Dissolve"]
    # The reader counts from the first event on: what the list says of its start is checked as it is written.
    assert f" {start} " in text.splitlines()[2]
    assert ("FCM: DROP FRAME" if ";" in start else "FCM: NON-DROP FRAME") == text.splitlines()[1]
    held = [item for item in tracks["V"] if isinstance(item, otio.schema.Clip) and item.effects]
    assert [type(item.effects[0]) for item in held] == [otio.schema.FreezeFrame]
    for name, track in (("A1", "voice"), ("A2", "music"), ("A3", "effects")):
        clips = [item for item in tracks[name] if isinstance(item, otio.schema.Clip)]
        assert [round(clip.duration().value) for clip in clips] == [
            event.end - event.start for event in sheet.sounds(track)
        ]


def test_every_line_of_an_edl_keeps_to_the_form(tmp_path: Path) -> None:
    text = written(timeline(), "edl", tmp_path).read_bytes().decode("ascii")
    assert text.count("\r\n") == text.count("\n")
    rows = [row for row in text.splitlines() if row[:3].isdigit()]
    form = r"\d{3}  [A-Z0-9]{2,8} +(V|A|A2|A3) +(C|D|W\d{3}) +(\d{3})? *(\d\d:\d\d:\d\d:\d\d ?){4}"
    assert all(re.fullmatch(form, row) for row in rows)
    assert all(len(row) <= 80 for row in rows)
    numbers = [int(row[:3]) for row in rows]
    assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))
    assert f"* SOURCE FILE: media/{sha('b')}.png" in text
    assert "* FROM CLIP NAME: shot 1" in text
    assert re.search(r"\* LOC: 01:00:02:12 GREEN   SHOT 2 tension RECIPE [0-9a-f]{64}", text)


def test_a_dip_is_two_dissolves_through_black(tmp_path: Path) -> None:
    parameters = edit_list()
    shots = [*parameters.shots]
    shots[2] = shots[2].model_copy(update={"transition": DIP})
    document = build_timeline(parameters.model_copy(update={"shots": shots}))
    text = written(document, "edl", tmp_path).read_text("ascii")
    read = otio.adapters.read_from_string(text, adapter_name="cmx_3600", rate=24)
    items = list(read.tracks[0])
    black = next(
        i
        for i, item in enumerate(items)
        if isinstance(getattr(item, "media_reference", None), otio.schema.GeneratorReference)
    )
    assert items[black].media_reference.generator_kind == "black"
    assert [round(items[i].out_offset.value) for i in (black - 1, black + 1)] == [7, 7]
    assert "* DIP TO COLOUR #112233" in text
    assert sum(round(item.duration().value) for item in items if isinstance(item, otio.core.Item)) == 360


@pytest.mark.parametrize(("fps", "start"), CLOCKS)
def test_final_cut_7_xml_reads_back_as_the_same_cut(fps: Fraction, start: str, tmp_path: Path) -> None:
    document = timeline(fps, start)
    sheet = sheet_of(document)
    read = otio.adapters.read_from_file(str(written(document, "fcp7xml", tmp_path)), adapter_name="fcp_xml")
    assert round(read.global_start_time.value) == frame_number(start, fps)
    assert float(read.global_start_time.rate) == pytest.approx(float(fps), abs=0.001)
    picture, motion, *_, voice, music, effects = read.tracks
    assert tracked(picture) == [
        Seen(f"media/{event.medium.sha256}.png", event.start, event.end, event.source) for event in sheet.picture
    ]
    assert [clip.start for clip in tracked(motion)] == [event.start for event in sheet.motion]
    transitions = [item for item in picture if isinstance(item, otio.schema.Transition)]
    assert [(round(each.in_offset.value), round(each.out_offset.value)) for each in transitions] == [
        (event.entry.before, event.entry.after) for event in sheet.picture if event.entry
    ]
    for track, name in ((voice, "voice"), (music, "music"), (effects, "effects")):
        assert track.kind == "Audio"
        assert [(seen.start, seen.end, seen.source) for seen in tracked(track)] == [
            (event.start, event.end, event.source) for event in sheet.sounds(name)
        ]
    assert [(round(m.marked_range.start_time.value), m.name) for m in read.tracks.markers] == [
        (marker.start, f"shot {marker.note.shot}: {marker.note.beat}") for marker in sheet.markers
    ]
    texts = [clip.name for track in read.tracks[2:-3] for clip in track.find_clips()]
    assert texts[0] == "Noch vor dem Wecker."
    assert "Nur bei uns." in texts


def tracked(track: otio.schema.Track) -> list[Seen]:
    """The clips of a track that a reader made."""
    found = []
    for item in track:
        if not isinstance(item, otio.schema.Clip):
            continue
        span = track.range_of_child(item)
        start, frames = round(span.start_time.value), round(span.duration.value)
        url = getattr(item.media_reference, "target_url", "")
        found.append(Seen(url, start, start + frames, round(item.source_range.start_time.value)))
    return found


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_fcpxml_reads_back_as_the_same_cut(fps: int, tmp_path: Path) -> None:
    # The reader takes whole rates only, cuts off what a float is short of a frame, and counts from zero; the exact
    # times at every rate are read below.
    document = timeline(Fraction(fps), "00:00:00:00")
    sheet = sheet_of(document)
    path = written(document, "fcpxml", tmp_path)
    (read,) = otio.adapters.read_from_file(str(path), adapter_name="fcpx_xml")
    lanes = {track.name: track for track in read.tracks}
    assert set(lanes) == {"0", "1", "-1", "-2", "-3"}
    assert tracked(lanes["0"]) == [
        Seen(f"media/{event.medium.sha256}.png", event.start, event.end, event.source) for event in sheet.picture
    ]
    assert [(seen.start, seen.end) for seen in tracked(lanes["1"])] == [
        (event.start, event.end) for event in sheet.motion
    ]
    for lane, name in (("-1", "voice"), ("-2", "music"), ("-3", "effects")):
        assert [(seen.start, seen.end) for seen in tracked(lanes[lane])] == [
            (event.start, event.end) for event in sheet.sounds(name)
        ]


@pytest.mark.parametrize(("fps", "start"), CLOCKS)
def test_every_time_of_fcpxml_is_a_whole_frame_and_the_storyline_has_no_hole(
    fps: Fraction, start: str, tmp_path: Path
) -> None:
    document = timeline(fps, start)
    sheet = sheet_of(document)
    root = ET.parse(written(document, "fcpxml", tmp_path)).getroot()

    def frames(text: str) -> int:
        exact = Fraction(text.removesuffix("s")) * fps
        assert exact.denominator == 1
        return exact.numerator

    for element in root.iter():
        for name in ("offset", "start", "duration", "tcStart", "time", "value"):
            if name in element.attrib and element.attrib[name].endswith("s") and element.attrib[name][0].isdigit():
                frames(element.attrib[name])
    sequence = root.find(".//sequence")
    assert sequence is not None
    assert frames(sequence.attrib["tcStart"]) == frame_number(start, fps)
    assert sequence.attrib["tcFormat"] == ("DF" if ";" in start else "NDF")
    assert frames(sequence.attrib["duration"]) == sheet.note.frames
    place = frame_number(start, fps)
    for clip in root.findall(".//spine/clip"):
        assert frames(clip.attrib["offset"]) == place
        place += frames(clip.attrib["duration"])
    assert place == frame_number(start, fps) + sheet.note.frames
    transitions = root.findall(".//spine/transition")
    assert [frames(each.attrib["duration"]) for each in transitions] == [
        event.entry.frames for event in sheet.picture if event.entry
    ]
    known = {element.attrib["id"] for element in root.findall("./resources/*")}
    assert {element.attrib["ref"] for element in root.iter() if "ref" in element.attrib} <= known
    sounds = [each for each in root.findall("./resources/asset") if "hasAudio" in each.attrib]
    assert len(sounds) == 4
    assert not any("hasVideo" in each.attrib for each in sounds)
    titles = ["".join(title.itertext()).strip() for title in root.iter("title")]
    assert titles[0] == "Noch vor dem Wecker."
    assert "Lumen\nAurora Lamp\n30 Nächte ausprobieren." in titles


def test_paths_resolve_beside_the_file_and_names_that_xml_reserves_survive(tmp_path: Path) -> None:
    document = timeline(cell="a & b <c> @de-DE|“q”")
    for name in FORMATS:
        text = written(document, name, tmp_path).read_text("utf-8")
        assert f"media/{sha('b')}.png" in text
        assert "file://" not in text
        assert str(tmp_path) not in text
    assert ET.parse(tmp_path / "spot.xml").getroot().findtext("./sequence/name") == "a & b <c> @de-DE|“q”"


def test_the_same_timeline_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in FORMATS:
        first = written(timeline(), name, tmp_path).read_bytes()
        assert written(timeline(), name, tmp_path).read_bytes() == first


def test_a_list_needs_a_timeline(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="none was given"):
        engine("edit", "interchange-edl").make(InterchangeParameters(), {}, tmp_path / "x.edl")
    (tmp_path / "no.otio").write_text("{")
    with pytest.raises(InvalidInput, match="not an OpenTimelineIO document"):
        engine("edit", "interchange-edl").make(
            InterchangeParameters(), {"timeline": tmp_path / "no.otio"}, tmp_path / "x"
        )
