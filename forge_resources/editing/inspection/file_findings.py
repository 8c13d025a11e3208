"""Whether a file is of the form its outlet takes: length, size, rate, codec, colour, time code, and another reader.

What belongs here: comparing. What does not: decoding (see `viewing`) or reading (see `reader`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forge_resources.editing.inspection.expectation import InspectionParameters
from forge_resources.editing.inspection.reader import Reading
from forge_resources.editing.inspection.viewing import Viewing
from forge_resources.schemas.quality import QualityFinding
from forge_resources.schemas.timecode import rate_name

_DECODED_AS = {"libx264": "h264", "prores_ks": "prores", "mpeg2video": "mpeg2video", "ffv1": "ffv1"}
_READ_AS = {"h264": "AVC", "prores": "ProRes", "mpeg2video": "MPEG Video", "ffv1": "FFV1"}
_CONTAINERS = {"mp4": "MPEG-4", "mov": "MPEG-4", "mxf": "MXF", "mkv": "Matroska"}
_SOUNDS = {"aac": "AAC", "pcm_s16le": "PCM", "pcm_s24le": "PCM", "flac": "FLAC"}
_BT709 = ("tv", "bt709", "progressive")


def file_findings(seen: Viewing, reading: Reading, wanted: InspectionParameters) -> Iterator[QualityFinding]:
    """Everything of the file's form that is not as the profile asks."""
    audio = wanted.audio
    yield from _compare("frames", seen.frames, wanted.frames)
    yield from _compare("frame rate", rate_name(seen.fps), rate_name(wanted.fps))
    yield from _compare("size", f"{seen.width}×{seen.height}", f"{wanted.size.width}×{wanted.size.height}")
    yield from _compare("picture codec", seen.codec, _DECODED_AS[wanted.video.codec])
    yield from _compare("pixel format", seen.pixel_format, wanted.video.pixel_format)
    if missing := [tag for tag in _BT709 if tag not in seen.colour]:
        yield _fault("colour", f"tagged `{seen.colour}`; {', '.join(missing)} wanted")
    if seen.sound is None:
        yield _fault("sound", "the file has no sound")
    else:
        yield from _compare("sound codec", seen.audio_codec, audio.codec)
        yield from _compare("sample rate", seen.sample_rate, audio.sample_rate)
        yield from _compare("channels", seen.channels, audio.channels)
        heard, shown = len(seen.sound) / 48000, seen.frames / float(seen.fps)
        # A container may round the end of the sound to a packet of its codec.
        if abs(heard - shown) > (0.05 if audio.codec == "aac" else 0.002):
            yield _fault("sound", f"lasts {heard:.3f} s, the picture {shown:.3f} s")
    if wanted.timecode:
        yield from _compare("time code", _colons(seen.timecode), _colons(wanted.timecode))
    yield from _reader_findings(reading, wanted)


def _reader_findings(reading: Reading, wanted: InspectionParameters) -> Iterator[QualityFinding]:
    pairs: list[tuple[str, Any, Any]] = [
        ("container", reading.container, _CONTAINERS[wanted.container]),
        ("picture codec", reading.video, _READ_AS[_DECODED_AS[wanted.video.codec]]),
        ("frames", reading.frames, wanted.frames),
        ("frame rate", reading.fps, wanted.fps),
        ("width", reading.width, wanted.size.width),
        ("height", reading.height, wanted.size.height),
        ("primaries", reading.primaries, "BT.709"),
        ("transfer", reading.transfer, "BT.709"),
        ("matrix", reading.matrix, "BT.709"),
        ("sound codec", reading.audio, _SOUNDS[wanted.audio.codec]),
        ("channels", reading.channels, wanted.audio.channels),
        ("sample rate", reading.sample_rate, wanted.audio.sample_rate),
    ]
    if wanted.timecode:
        pairs.append(("time code", _colons(reading.timecode), _colons(wanted.timecode)))
    for name, found, right in pairs:
        if found != right:
            yield _fault(f"independent reader, {name}", f"MediaInfo reads {found}; {right} wanted")


def _compare(place: str, found: Any, wanted: Any) -> Iterator[QualityFinding]:
    if found != wanted:
        yield _fault(place, f"{found}; {wanted} wanted")


def _colons(timecode: str | None) -> str | None:
    """Readers write drop-frame with ; or with : before the frames."""
    return timecode.replace(";", ":").replace(".", ":") if timecode else None


def _fault(place: str, message: str) -> QualityFinding:
    return QualityFinding(check="file", severity="fault", place=place, message=message)
