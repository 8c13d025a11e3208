"""Encoders in hardware: which there are, and what a profile's H.264 means for them.

What belongs here: their options, and finding out by encoding whether one works. What does not: codecs in software (see
`encoding`), or the frames, which are the same for every encoder.

The bytes of an encoder in hardware depend on device and driver, so software is the default, and a deployment that
chooses hardware says so: FORGE_ENCODER is `software`, `hardware` (the first that works) or the name of one.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from types import MappingProxyType

from forge_resources.editing import ffmpeg
from forge_resources.errors import ForgeError, InvalidInput, Unavailable
from forge_resources.schemas.media_formats import H264, VideoFormat

SOFTWARE, ANY = "software", "hardware"

# Quality by the same scale as x264's crf, where the encoder has one.
_OPTIONS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "h264_nvenc": ("-preset", "p5", "-rc", "vbr", "-cq", "{crf}", "-b:v", "0", "-bf", "2"),
        "h264_videotoolbox": ("-q:v", "{share}", "-allow_sw", "0"),
        "h264_qsv": ("-preset", "medium", "-global_quality", "{crf}"),
        "h264_amf": ("-quality", "balanced", "-rc", "cqp", "-qp_i", "{crf}", "-qp_p", "{crf}"),
    }
)
ENCODERS = tuple(_OPTIONS)
_TRIAL_FRAMES = 8


def encoder_for(video: VideoFormat, wanted: str) -> str:
    """The encoder for a format: `software`, or one in hardware where that is wanted and the format is H.264.

    Raises InvalidInput for a name that is none, Unavailable where it does not work here: nothing else stands in for it.
    """
    if wanted not in (SOFTWARE, ANY, *ENCODERS):
        known = ", ".join((SOFTWARE, ANY, *ENCODERS))
        raise InvalidInput(f"FORGE_ENCODER is `{wanted}`, which is no encoder.", remedy=f"Known: {known}.")
    if wanted == SOFTWARE or not isinstance(video, H264):
        return SOFTWARE
    found = [name for name in (ENCODERS if wanted == ANY else (wanted,)) if works(name)]
    if not found:
        what = "no encoder in hardware" if wanted == ANY else f"no `{wanted}`"
        raise Unavailable(
            f"There is {what} that works on this machine.",
            remedy="Install the driver of the device, or set FORGE_ENCODER=software.",
        )
    return found[0]


@cache
def works(name: str) -> bool:
    """Whether an encoder works here: it is given a few frames, and as many must decode."""
    with tempfile.TemporaryDirectory(prefix="forge-encoder-") as folder:
        trial = Path(folder) / "trial.mp4"
        source = ["-f", "lavfi", "-i", "testsrc2=s=256x256:r=24", "-frames:v", str(_TRIAL_FRAMES)]
        try:
            ffmpeg.run([*source, "-pix_fmt", "yuv420p", "-c:v", name, ffmpeg.address(trial)], limit_s=30)
            listed = ffmpeg.run(["-i", ffmpeg.address(trial), "-map", "0:v", "-f", "framecrc", "-"], limit_s=30)
        except ForgeError:
            return False
    return sum(not line.startswith(b"#") for line in listed.output.splitlines()) == _TRIAL_FRAMES


def hardware_options(video: H264, name: str) -> list[str]:
    """The options of an encoder in hardware for what a profile asks of H.264."""
    figures = {"crf": video.crf, "share": max(1, 100 - 2 * video.crf)}
    limits = [] if video.max_kbps is None else ["-maxrate", f"{video.max_kbps}k", "-bufsize", f"{2 * video.max_kbps}k"]
    return ["-c:v", name, "-profile:v", video.profile, *(each.format(**figures) for each in _OPTIONS[name]), *limits]
