"""What a profile's formats are as options of ffmpeg, the same wherever picture or sound is encoded.

What belongs here: codec, container and colour options. What does not: filters, or running ffmpeg (see `ffmpeg`).
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

from forge_resources.editing import ffmpeg
from forge_resources.editing.hardware import SOFTWARE, hardware_options
from forge_resources.schemas.media_formats import (
    CONTAINERS,
    H264,
    AudioFormat,
    Container,
    Ffv1,
    Mpeg2,
    ProRes,
    VideoFormat,
)

KEYFRAME_S = 2
INTRA_CODECS = frozenset({"prores_ks", "ffv1"})
"""Codecs whose frames stand by themselves: pieces of them are joined without encoding anything again."""

_PRORES_PROFILES = {"proxy": "0", "lt": "1", "standard": "2", "hq": "3"}
_FFV1_SLICES = 24  # fixed: the bytes depend on it, and one damaged slice loses a 24th of a frame
COLOUR_OPTIONS = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
COLOUR_FILTER = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709:field_mode=prog"


def picture_options(video: VideoFormat, fps: Fraction, threads: int, encoder: str = SOFTWARE) -> list[str]:
    """The options that encode BT.709 pictures to `video`; equal pictures give equal bytes with equal `threads`.

    Codecs without prediction between frames take as many threads as there are, which their bytes do not depend on.

    `encoder` names one in hardware (see `hardware`), whose bytes depend on the device.
    """
    if encoder != SOFTWARE and isinstance(video, H264):
        codec = [*hardware_options(video, encoder), "-g", str(round(fps * KEYFRAME_S))]
    else:
        codec = _codec_options(video, fps)
    return [
        *codec,
        "-pix_fmt", video.pixel_format, "-threads:v", str(_threads(video, threads)),
        *COLOUR_OPTIONS, "-chroma_sample_location", "left", "-flags:v", _flags(video),
    ]  # fmt: skip


def _threads(video: VideoFormat, fixed: int) -> int:
    """All of the machine's for codecs whose frames stand by themselves: their bytes are the same with any number."""
    return min(16, os.cpu_count() or fixed) if video.codec in INTRA_CODECS else fixed


def _codec_options(video: VideoFormat, fps: Fraction) -> list[str]:
    match video:
        case H264():
            bounded = [] if video.max_kbps is None else _bounded(video.max_kbps)
            return [
                "-c:v", "libx264", "-preset", video.preset, "-profile:v", video.profile, "-crf", str(video.crf),
                "-g", str(round(fps * KEYFRAME_S)), *bounded,
            ]  # fmt: skip
        case ProRes():
            return ["-c:v", "prores_ks", "-profile:v", _PRORES_PROFILES[video.profile], "-vendor", "apl0"]
        case Mpeg2():
            rate = f"{video.bitrate_kbps}k"
            buffer = str(video.bitrate_kbps * 360)
            return [
                "-c:v", "mpeg2video", "-profile:v", "0", "-level:v", "2", "-b:v", rate, "-minrate", rate,
                "-maxrate", rate, "-bufsize", buffer, "-rc_init_occupancy", buffer, "-g", str(video.gop_frames),
                "-bf", "2", "-dc", "10", "-intra_vlc", "1", "-non_linear_quant", "1", "-qmin", "1", "-qmax", "12",
                "-sc_threshold", "1000000000",
            ]  # fmt: skip
        case Ffv1():
            return ["-c:v", "ffv1", "-level", "3", "-g", "1", "-slices", str(_FFV1_SLICES), "-slicecrc", "1"]


def _bounded(kbps: int) -> list[str]:
    return ["-maxrate", f"{kbps}k", "-bufsize", f"{2 * kbps}k"]


def _flags(video: VideoFormat) -> str:
    return "+bitexact+cgop" if isinstance(video, Mpeg2) else "+bitexact"


def sound_options(audio: AudioFormat) -> list[str]:
    """The options that encode a finished mix for delivery."""
    rate = [] if audio.bitrate_kbps is None else ["-b:a", f"{audio.bitrate_kbps}k"]
    return ["-c:a", audio.codec, *rate, "-ar", str(audio.sample_rate), "-flags:a", "+bitexact"]


def file_options(container: Container, fast_start: bool, target: Path) -> list[str]:
    """The options of the file itself, last on the command line."""
    movflags = ["-movflags", "+faststart" if fast_start else "0"] if container in ("mp4", "mov") else []
    name = "matroska" if container == "mkv" else container
    return ["-fflags", "+bitexact", *movflags, "-f", name, ffmpeg.address(target)]


def suffix_of(container: Container) -> str:
    """The suffix of a file's name, with its dot."""
    return CONTAINERS[container].suffix


def media_type_of(container: Container) -> str:
    """The media type of a file, such as `video/mp4`."""
    return CONTAINERS[container].media_type
