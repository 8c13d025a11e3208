"""Final Cut Pro 7 XML (`xmeml` 5), which Premiere Pro and Resolve read too: one track a layer.

What belongs here: the elements of the format. What does not: which events there are (see `events`).

Source: Apple, Final Cut Pro XML Interchange Format. A clip whose head or tail lies under a transition has -1 there, and
its source begins or ends with the transition. Paths are relative to the file.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from forge_resources.editing.cut import Entry, Medium
from forge_resources.editing.interchange.events import PictureEvent, Sheet, SoundEvent, TypeEvent
from forge_resources.editing.interchange.xml_times import document, told
from forge_resources.schemas.timecode import counted_rate

_UNDER_TRANSITION = -1
_EFFECTS = {
    "dissolve": ("Cross Dissolve", "Cross Dissolve", "Dissolve"),
    "wipe": ("Edge Wipe", "Edge Wipe", "Wipe"),
    "dip": ("Dip to Color Dissolve", "Dip to Color Dissolve", "Dissolve"),
}
_TYPE_ROLES = ("super", "end-card", "legal", "caption")


def xmeml_of(sheet: Sheet) -> str:
    """The document."""
    return document(_Document(sheet).root(), "xmeml")


class _Document:
    """Names files once and refers to them by id after that, as the format asks."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._files: dict[Medium, str] = {}
        self._clips = 0

    def root(self) -> ET.Element:
        sheet = self._sheet
        root = ET.Element("xmeml", version="5")
        sequence = ET.SubElement(root, "sequence", id="sequence-1")
        told(sequence, name=sheet.note.cell, duration=sheet.note.frames)
        sequence.append(self._rate())
        timecode = ET.SubElement(sequence, "timecode")
        timecode.append(self._rate())
        told(timecode, string=sheet.record(0), frame=sheet.first_frame, displayformat="DF" if sheet.drop else "NDF")
        media = ET.SubElement(sequence, "media")
        media.append(self._video())
        media.append(self._audio())
        for marker in sheet.markers:
            told(
                ET.SubElement(sequence, "marker"), name=f"shot {marker.note.shot}: {marker.note.beat}",
                comment=f"recipe {marker.note.recipe}", **{"in": marker.start}, out=marker.start + marker.frames,
            )  # fmt: skip
        return root

    def _video(self) -> ET.Element:
        video, size = ET.Element("video"), self._sheet.note.size
        about = ET.SubElement(ET.SubElement(video, "format"), "samplecharacteristics")
        about.append(self._rate())
        told(about, width=size.width, height=size.height, anamorphic=False, pixelaspectratio="square",
             fielddominance="none", colordepth=24)  # fmt: skip
        for layer in (self._sheet.picture, self._sheet.motion, self._sheet.inset):
            if layer:
                self._picture_track(ET.SubElement(video, "track"), layer)
        for role in _TYPE_ROLES:
            if texts := [event for event in self._sheet.type if event.role == role]:
                track = ET.SubElement(video, "track")
                track.extend([self._text(event) for event in texts])
        return video

    def _picture_track(self, track: ET.Element, events: Sequence[PictureEvent]) -> None:
        for index, event in enumerate(events):
            following = events[index + 1].entry if index + 1 < len(events) else None
            if event.entry:
                track.append(self._transition(event, event.entry))
            track.append(self._picture(event, following))

    def _picture(self, event: PictureEvent, leaving: Entry | None) -> ET.Element:
        entry = event.entry
        first = event.source - (entry.before if entry else 0)
        last = event.source + (1 if event.frozen else event.frames) + (leaving.after if leaving else 0)
        clip = self._clip("clipitem", event.name, max(event.available, last))
        told(
            clip, start=_UNDER_TRANSITION if entry else event.start, end=_UNDER_TRANSITION if leaving else event.end,
            **{"in": first}, out=last,
        )  # fmt: skip
        clip.append(self._file(event.medium, event.name, event.available, "video"))
        if event.frozen:
            told(clip, stillframe=True, stillframeoffset=event.source)
        if event.recipe:
            told(ET.SubElement(clip, "comments"), mastercomment1=f"shot {event.shot}", mastercomment2=event.recipe)
        return clip

    def _transition(self, event: PictureEvent, entry: Entry) -> ET.Element:
        name, identifier, category = _EFFECTS[entry.note.kind]
        item = ET.Element("transitionitem")
        item.append(self._rate())
        centred = entry.before == entry.after
        told(
            item, start=event.start - entry.before, end=event.start + entry.after,
            alignment="center" if centred else "start" if entry.before == 0 else "end",
        )  # fmt: skip
        told(
            ET.SubElement(item, "effect"), name=name, effectid=identifier, effectcategory=category,
            effecttype="transition", mediatype="video",
        )  # fmt: skip
        return item

    def _text(self, event: TypeEvent) -> ET.Element:
        frames = event.end - event.start
        item = self._clip("generatoritem", event.lines[0], frames)
        told(item, start=event.start, end=event.end, **{"in": 0}, out=frames)
        told(item, enabled=True, anamorphic=False, alphatype="black")
        effect = told(
            ET.SubElement(item, "effect"), name="Text", effectid="Text", effectcategory="Text", effecttype="generator",
            mediatype="video",
        )  # fmt: skip
        told(ET.SubElement(effect, "parameter"), parameterid="str", name="Text", value="\n".join(event.lines))
        return item

    def _audio(self) -> ET.Element:
        audio = ET.Element("audio")
        told(audio, numOutputChannels=2)
        about = ET.SubElement(ET.SubElement(audio, "format"), "samplecharacteristics")
        told(about, depth=16, samplerate=48000)
        for name in ("voice", "music", "effects"):
            events = [event for event in self._sheet.sound if event.track == name]
            if events:
                track = ET.SubElement(audio, "track")
                track.extend([self._sound(event) for event in events])
        return audio

    def _sound(self, event: SoundEvent) -> ET.Element:
        clip = self._clip("clipitem", event.name, event.available)
        last = event.source + event.end - event.start
        told(clip, start=event.start, end=event.end, **{"in": event.source}, out=last)
        clip.append(self._file(event.medium, event.name, event.available, "audio", event.sample_rate))
        told(ET.SubElement(clip, "sourcetrack"), mediatype="audio", trackindex=1)
        return clip

    def _clip(self, tag: str, name: str, frames: int) -> ET.Element:
        self._clips += 1
        clip = told(ET.Element(tag, id=f"{tag}-{self._clips}"), name=name, duration=frames)
        clip.append(self._rate())
        return clip

    def _file(self, medium: Medium, name: str, frames: int, kind: str, sample_rate: int | None = None) -> ET.Element:
        if medium in self._files:
            return ET.Element("file", id=self._files[medium])
        self._files[medium] = f"file-{len(self._files) + 1}"
        file = ET.Element("file", id=self._files[medium])
        told(file, name=name, pathurl=f"media/{medium.sha256}{medium.suffix}")
        file.append(self._rate())
        told(file, duration=frames)
        about = ET.SubElement(ET.SubElement(ET.SubElement(file, "media"), kind), "samplecharacteristics")
        if sample_rate:
            told(about, depth=16, samplerate=sample_rate)
        else:
            about.append(self._rate())
        return file

    def _rate(self) -> ET.Element:
        fps = self._sheet.note.fps
        return told(ET.Element("rate"), timebase=counted_rate(fps), ntsc=fps.denominator != 1)
