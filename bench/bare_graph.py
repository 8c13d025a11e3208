"""One bare ffmpeg command for a cut, as one would write it by hand: the reference of `render.py`.

Each plate is decoded once and scaled up, `zoompan` makes the same camera moves on it (by whole pixels of the enlarged
plate), `xfade` the dissolves, `overlay` the type with its fades; voice is placed with `adelay` and mixed. Everything is
encoded once with the options that the renderer uses. Type is drawn beforehand, sound is not levelled, and the file is
not measured: the reference does less.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from forge_resources.editing import ffmpeg
from forge_resources.editing.camera import whole
from forge_resources.editing.cut import Cut, Lettering, Picture
from forge_resources.editing.encoding import COLOUR_FILTER, file_options, picture_options, sound_options
from forge_resources.editing.render import RenderParameters
from forge_resources.editing.type_plates import draw_type

ENLARGED = 4
"""How many times larger than the frame a plate is when zoompan moves over it."""


def draw_letters(cut: Cut, folder: Path) -> list[tuple[Path, int, int]]:
    """The type of a cut as PNGs, each with the place of its corner."""
    drawn = []
    for number, item in enumerate(cut.lettering):
        plate = draw_type(item.note, cut.note, None)
        plate.picture.save(folder / f"type-{number}.png")
        drawn.append((folder / f"type-{number}.png", plate.left, plate.top))
    return drawn


def bare_command(
    cut: Cut, wanted: RenderParameters, media: Mapping[str, Path], letters: list[tuple[Path, int, int]], target: Path
) -> list[str]:
    """The arguments of ffmpeg."""
    plates = [media[picture.medium.sha256] for picture in cut.pictures]
    voices = [media[line.medium.sha256] for line in cut.voice]
    inputs = [argument for path in [*plates, *(path for path, _, _ in letters), *voices] for argument in
              ("-i", ffmpeg.address(path))]  # fmt: skip
    chains = [_moved(index, picture, cut) for index, picture in enumerate(cut.pictures)]
    chains += _joined(cut)
    shown = "cut"
    for index, (item, (_, left, top)) in enumerate(zip(cut.lettering, letters, strict=True)):
        chains += _lettered(index, len(plates) + index, item, left, top, shown, cut)
        shown = f"t{index}"
    chains.append(f"[{shown}]{COLOUR_FILTER}[v]")
    chains.append(_sound(cut, len(plates) + len(letters)))
    return [
        "-loglevel", "error", *inputs, "-filter_complex", ";".join(chains), "-map", "[v]", "-map", "[a]",
        "-map_metadata", "-1", *picture_options(wanted.video, wanted.fps, wanted.threads),
        *sound_options(wanted.audio), *file_options(wanted.container, wanted.fast_start, target),
    ]  # fmt: skip


def _rate(fps: Fraction) -> str:
    return f"{fps.numerator}/{fps.denominator}"


def _moved(index: int, picture: Picture, cut: Cut) -> str:
    size, path = cut.note.size, picture.path or whole()
    large = f"{size.width * ENLARGED}:{size.height * ENLARGED}"
    t = f"(on/{max(1, picture.frames - 1)})"
    # The easing of `editing.camera`: speeding up over the first quarter, slowing down over the last.
    eased = f"if(lt({t},0.25),8/3*{t}*{t},if(gt({t},0.75),1-8/3*(1-{t})*(1-{t}),4/3*({t}-0.125)))"
    start, end = path.start, path.end
    window = f"({float(start.size)}*pow({float(end.size / start.size)},{eased}))"
    x = f"({float(start.x)}+{float(end.x - start.x)}*({eased}))"
    y = f"({float(start.y)}+{float(end.y - start.y)}*({eased}))"
    return (
        f"[{index}:v]scale={large}:flags=lanczos:out_color_matrix=bt709:out_range=tv,format=yuv420p,"
        f"zoompan=z='1/{window}':x='iw*({x}-0.5/zoom)':y='ih*({y}-0.5/zoom)':d={picture.frames}"
        f":s={size.width}x{size.height}:fps={_rate(cut.note.fps)},setsar=1,settb={1 / cut.note.fps}[p{index}]"
    )


def _joined(cut: Cut) -> list[str]:
    """Cuts by `concat`, dissolves by `xfade`."""
    chains, runs, length = [], [], 0
    for index, picture in enumerate(cut.pictures):
        if not picture.fade_frames:
            runs.append(f"p{index}")
            length = picture.frames
            continue
        fps = float(cut.note.fps)
        fade, start = picture.fade_frames / fps, (length - picture.fade_frames) / fps
        chains.append(f"[{runs[-1]}][p{index}]xfade=transition=fade:duration={fade:.6f}:offset={start:.6f}[x{index}]")
        length += picture.frames - picture.fade_frames
        runs[-1] = f"x{index}"
    return [
        *chains,
        "".join(f"[{run}]" for run in runs) + f"concat=n={len(runs)}:v=1:a=0,fps={_rate(cut.note.fps)}[cut]",
    ]


def _lettered(index: int, stream: int, item: Lettering, left: int, top: int, under: str, cut: Cut) -> list[str]:
    fps = float(cut.note.fps)
    start, length = item.first / fps, item.frames / fps
    fades = ""
    if item.note.fade_in:
        fades += f",fade=in:st=0:d={item.note.fade_in / fps:.4f}:alpha=1"
    if item.note.fade_out:
        fade = item.note.fade_out / fps
        fades += f",fade=out:st={length - fade:.4f}:d={fade:.4f}:alpha=1"
    return [
        f"[{stream}:v]format=yuva420p,loop={item.frames}:1:0,fps={_rate(cut.note.fps)},trim=end_frame={item.frames}{fades}"
        f",setpts=PTS+{start:.6f}/TB[l{index}]",
        f"[{under}][l{index}]overlay={left}:{top}:eof_action=pass[t{index}]",
    ]


def _sound(cut: Cut, first: int) -> str:
    placed = [
        f"[{first + index}:a]adelay={round(float(line.at) * 1000)}:all=1[a{index}]"
        for index, line in enumerate(cut.voice)
    ]
    names = "".join(f"[a{index}]" for index in range(len(cut.voice)))
    seconds = float(cut.note.frames / cut.note.fps)
    mix = f"{names}amix=inputs={len(cut.voice)}:normalize=0,apad,atrim=end={seconds:.6f},aformat=channel_layouts=stereo"
    return ";".join([*placed, f"{mix}[a]"])
