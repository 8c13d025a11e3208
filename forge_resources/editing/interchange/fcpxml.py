"""FCPXML 1.8: the picture in the primary storyline, everything else connected to it in lanes.

What belongs here: the elements of the format. What does not: which events there are (see `events`).

Source: Apple, FCPXML Reference. Lanes above are motion (1), insets (2) and titles (from 3 on), below are voice (-1),
music (-2) and effects (-3). Paths are relative to the file, as the format allows.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from forge_resources.editing.cut import Entry, Medium
from forge_resources.editing.interchange.events import PictureEvent, Sheet, SoundEvent, SoundTrack, TypeEvent
from forge_resources.editing.interchange.xml_times import document, seconds

_TITLE = ".../Titles.localized/Bumper:Opener.localized/Basic Title.localized/Basic Title.moti"
_EFFECTS = {
    "dissolve": ("Cross Dissolve", "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"),
    "wipe": ("Wipe", "FxPlug:857E2FBA-98DB-411B-A88C-CE6ABC1F65D8"),
    "dip": ("Fade To Color", "FxPlug:F779C565-486D-4633-8035-0374B4DB8F5C"),
    "title": ("Basic Title", _TITLE),
}
_SOUND_LANES: dict[SoundTrack, int] = {"voice": -1, "music": -2, "effects": -3}
_ROLES: dict[SoundTrack, str] = {"voice": "dialogue", "music": "music", "effects": "effects"}
_TITLE_LANES = {"super": 3, "end-card": 4, "legal": 5, "caption": 6}


def fcpxml_of(sheet: Sheet) -> str:
    """The document."""
    return document(_Document(sheet).root(), "fcpxml")


class _Document:
    """Collects resources while the spine is written; their ids count up from r1."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet, self._fps = sheet, sheet.note.fps
        self._resources = ET.Element("resources")
        self._ids: dict[str, str] = {}

    def root(self) -> ET.Element:
        sheet, size = self._sheet, self._sheet.note.size
        root = ET.Element("fcpxml", version="1.8")
        root.append(self._resources)
        sequence_format = self._resource(
            "format", "sequence", frameDuration=seconds(1, self._fps), width=str(size.width), height=str(size.height),
            colorSpace="1-1-1 (Rec. 709)",
        )  # fmt: skip
        event = ET.SubElement(ET.SubElement(root, "library"), "event", name=sheet.note.cell)
        sequence = ET.SubElement(
            ET.SubElement(event, "project", name=sheet.note.cell), "sequence", format=sequence_format,
            duration=self._time(sheet.note.frames), tcStart=self._time(sheet.first_frame),
            tcFormat="DF" if sheet.drop else "NDF", audioLayout="stereo", audioRate="48k",
        )  # fmt: skip
        self._spine(ET.SubElement(sequence, "spine"))
        return root

    def _spine(self, spine: ET.Element) -> None:
        for event in self._sheet.picture:
            if event.entry:
                spine.append(self._transition(event, event.entry))
            spine.append(self._storyline(event))

    def _storyline(self, event: PictureEvent) -> ET.Element:
        """A shot of the primary storyline, with all that begins during it connected to it."""
        clip = self._picture(event, None, 0)
        connected = [
            *((each, 1) for each in self._sheet.motion), *((each, 2) for each in self._sheet.inset),
        ]  # fmt: skip
        for each, lane in connected:
            if event.start <= each.start < event.end:
                clip.append(self._picture(each, event, lane))
        for text in self._sheet.type:
            if event.start <= text.start < event.end:
                clip.append(self._title(text, event))
        for sound in self._sheet.sound:
            if event.start <= sound.start < event.end:
                clip.append(self._sound(sound, event))
        self._mark(clip, event)
        return clip

    def _picture(self, event: PictureEvent, parent: PictureEvent | None, lane: int) -> ET.Element:
        reference = self._asset(event.medium, event.name, event.available, picture=True)
        start = event.source
        clip = ET.Element(
            "clip", name=event.name, offset=self._offset(event.start, parent), start=self._time(start),
            duration=self._time(event.frames),
        )  # fmt: skip
        if lane:
            clip.set("lane", str(lane))
        if event.recipe:
            ET.SubElement(clip, "note").text = f"shot {event.shot}, recipe {event.recipe}"
        if event.frozen:
            self._freeze(clip, event)
        available = max(event.available, start + event.frames)
        ET.SubElement(clip, "video", ref=reference, offset="0s", start="0s", duration=self._time(available))
        return clip

    def _freeze(self, clip: ET.Element, event: PictureEvent) -> None:
        held = self._time(event.source)
        times = ET.SubElement(clip, "timeMap")
        for at in (event.source, event.source + event.frames):
            ET.SubElement(times, "timept", time=self._time(at), value=held, interp="linear")

    def _transition(self, event: PictureEvent, entry: Entry) -> ET.Element:
        name, _ = _EFFECTS[entry.note.kind]
        transition = ET.Element(
            "transition", name=name, offset=self._time(event.start - entry.before + self._sheet.first_frame),
            duration=self._time(entry.frames),
        )  # fmt: skip
        ET.SubElement(transition, "filter-video", ref=self._effect(entry.note.kind), name=name)
        return transition

    def _title(self, event: TypeEvent, parent: PictureEvent) -> ET.Element:
        name = event.lines[0]
        title = ET.Element(
            "title", ref=self._effect("title"), lane=str(_TITLE_LANES[event.role]),
            offset=self._offset(event.start, parent), name=name, start="0s",
            duration=self._time(event.end - event.start), role=f"titles.{event.role}",
        )  # fmt: skip
        ET.SubElement(title, "text").text = "\n".join(event.lines)
        return title

    def _sound(self, event: SoundEvent, parent: PictureEvent) -> ET.Element:
        return ET.Element(
            "asset-clip", ref=self._asset(event.medium, event.name, event.available, picture=False), name=event.name,
            lane=str(_SOUND_LANES[event.track]), offset=self._offset(event.start, parent),
            start=self._time(event.source), duration=self._time(event.end - event.start),
            audioRole=_ROLES[event.track],
        )  # fmt: skip

    def _mark(self, clip: ET.Element, event: PictureEvent) -> None:
        for marker in self._sheet.markers:
            if event.start <= marker.start < event.end:
                ET.SubElement(
                    clip, "marker", start=self._time(event.source + marker.start - event.start),
                    duration=self._time(1), value=f"shot {marker.note.shot}: {marker.note.beat}",
                    note=f"recipe {marker.note.recipe}",
                )  # fmt: skip

    def _offset(self, frame: int, parent: PictureEvent | None) -> str:
        """Where something stands: in the storyline by time code, connected by the time of what it hangs on."""
        if parent is None:
            return self._time(frame + self._sheet.first_frame)
        return self._time(parent.source + frame - parent.start)

    def _asset(self, medium: Medium, name: str, frames: int, *, picture: bool) -> str:
        source = f"media/{medium.sha256}{medium.suffix}"
        kinds = {"hasVideo": "1", "format": self._ids["sequence"]} if picture else {
            "hasAudio": "1", "audioSources": "1",
        }  # fmt: skip
        return self._resource("asset", source, name=name, src=source, start="0s", duration=self._time(frames), **kinds)

    def _effect(self, kind: str) -> str:
        name, uid = _EFFECTS[kind]
        return self._resource("effect", uid, name=name, uid=uid)

    def _resource(self, tag: str, key: str, **attributes: str) -> str:
        if key not in self._ids:
            self._ids[key] = f"r{len(self._ids) + 1}"
            ET.SubElement(self._resources, tag, {"id": self._ids[key], **attributes})
        return self._ids[key]

    def _time(self, frames: int) -> str:
        return seconds(frames, self._fps)
