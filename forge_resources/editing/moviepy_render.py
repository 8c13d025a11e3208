"""The `render-moviepy` engine: the same timelines through moviepy, for Python effects and as a check of the other.

What belongs here: a cut as moviepy's clips. What does not: the order of work and the encode (see `render`).

Nothing of how a picture is made is shared with `frames`: windows are cut in RGB by Pillow, transitions and type are
masks of moviepy's. moviepy's own writer is not used, because it rounds the frame rate to two decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import opentimelineio as otio
from PIL import Image, ImageColor
from pydantic import BaseModel

from forge_resources.editing.camera import box_at, whole
from forge_resources.editing.cut import Cut, Inset, Lettering, Picture
from forge_resources.editing.planes import Layout, wipe_weights
from forge_resources.editing.plates import framed, opened
from forge_resources.editing.render import Renderer, RenderParameters, Source, render_parameters
from forge_resources.editing.stamps import inset_alpha, inset_box, inset_picture
from forge_resources.editing.type_plates import draw_type
from forge_resources.engines.contract import Lack, Sources
from forge_resources.errors import EngineFailed, InvalidInput
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.edit import EffectNote
from forge_resources.schemas.storyboard import Focus

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.float64]
_GROUP = "forge.effects"
_ROUND = 0.25
"""A quarter of a frame: times are compared as floats, and must not fall on either side of a frame by chance."""


class MoviepyParameters(RenderParameters):
    """`moviepy` is its version."""

    moviepy: str


def moviepy_parameters(profile: DeliveryProfile, timeline: otio.schema.Timeline) -> MoviepyParameters:
    """The recipe of a spot through moviepy. Raises InvalidInput as `render_parameters` does."""
    other = render_parameters(profile, timeline)
    return MoviepyParameters(**other.model_dump(), moviepy=version("moviepy"))


class MoviepyRenderer(Renderer):
    """Renders timelines through moviepy: slower than `render`, and able to play Python effects."""

    name = "render-moviepy"
    version = "2"
    summary = "Renders through moviepy, with Python effects on clips; several times slower than `render`."
    Parameters: ClassVar[type[BaseModel]] = MoviepyParameters
    plays_effects = True

    def lacks(self) -> list[Lack]:
        try:
            version("moviepy")
        except ImportError:
            return [Lack("moviepy", "Install it: pip install 'moviepy>=2.2,<3'.")]
        return []

    def source(self, cut: Cut, wanted: RenderParameters) -> Source:
        size = "in_range=full:out_range=tv:out_color_matrix=bt709:flags=bicubic+accurate_rnd+full_chroma_int+bitexact"
        return Source(
            "rgb24", cut.note.size.width, cut.note.size.height, f"scale={size},format={wanted.video.pixel_format}"
        )

    def frames(self, cut: Cut, wanted: RenderParameters, sources: Sources) -> Generator[bytes]:
        with ExitStack() as stack:
            composition = _Composition(cut, sources, stack).clip()
            for frame in range(cut.note.frames):
                yield np.asarray(composition.get_frame(frame / float(cut.note.fps)), np.uint8).tobytes()


class _Composition:
    """A cut as one CompositeVideoClip."""

    def __init__(self, cut: Cut, media: Mapping[str, Path], stack: ExitStack) -> None:
        self._cut, self._media, self._stack = cut, media, stack
        self._fps = float(cut.note.fps)
        self._size = cut.note.size.width, cut.note.size.height

    def clip(self) -> Any:
        from moviepy import ColorClip, CompositeVideoClip

        parts: list[Any] = [ColorClip(self._size, color=(0, 0, 0), duration=(self._cut.note.frames + 1) / self._fps)]
        for picture in (*self._cut.pictures, *self._cut.motion):
            parts += self._picture(picture)
        parts += [self._inset(item) for item in self._cut.insets]
        parts += [self._type(item) for item in self._cut.lettering]
        composed = CompositeVideoClip(parts, size=self._size)
        self._stack.callback(composed.close)
        return composed

    def _picture(self, picture: Picture) -> Iterator[Any]:
        """The clip of a picture with the transition into it as its mask; a dip has its colour between the two."""
        clip = self._video(picture) if picture.medium.is_video else self._plate(picture)
        clip = clip.with_duration(picture.frames / self._fps)
        for effect in picture.effects:
            clip = _affected(clip, effect)
        note = picture.entry.note if picture.entry else None
        if note is None:
            yield self._placed(clip, picture.first, picture.frames)
            return
        height, width = self._size[1], self._size[0]

        def mask(frame: int) -> Mask:
            share = picture.share(picture.first + frame)
            if note.kind == "dip":
                return np.full((height, width), float(share >= 0.5))
            if note.kind == "dissolve" or share == 1:
                return np.full((height, width), share)
            weights = wipe_weights(
                width if note.direction in ("left", "right") else height, share, note.direction, note.softness
            )
            across = note.direction in ("left", "right")
            return np.broadcast_to(weights[None, :] if across else weights[:, None], (height, width)).astype(float)

        yield self._placed(self._masked(clip, mask), picture.first, picture.frames)
        if note.kind == "dip":
            yield self._dip(picture, ImageColor.getrgb(note.colour)[:3])

    def _dip(self, picture: Picture, colour: tuple[int, ...]) -> Any:
        from moviepy import ColorClip

        def mask(frame: int) -> Mask:
            share = picture.share(picture.first + frame)
            return np.full((self._size[1], self._size[0]), 1 - abs(2 * share - 1))

        clip = ColorClip(self._size, color=colour, duration=picture.fade_frames / self._fps)
        return self._placed(self._masked(clip, mask), picture.first, picture.fade_frames)

    def _plate(self, picture: Picture) -> Any:
        plate = _plate(self._media[picture.medium.sha256], self._size, picture.focus)
        path = picture.path or whole()

        def window(frame: int) -> Pixels:
            box = box_at(path, 0 if picture.frozen else frame, picture.frames)
            edges = (box.left * plate.width, box.top * plate.height, box.right * plate.width, box.bottom * plate.height)
            inside = (max(edges[0], 0), max(edges[1], 0), min(edges[2], plate.width), min(edges[3], plate.height))
            return np.asarray(plate.resize(self._size, Image.Resampling.LANCZOS, box=inside))

        return self._drawn(window)

    def _video(self, picture: Picture) -> Any:
        return self._read(picture.medium.sha256, self._size, picture.focus, picture.skip, picture.frozen)

    def _read(self, sha256: str, size: tuple[int, int], focus: Focus, skip: int, frozen: bool) -> Any:
        """A video brought to `size`; before its first frame and after its last it stands still."""
        from moviepy import VideoFileClip

        with _told(self._media[sha256]):
            reader = VideoFileClip(str(self._media[sha256]), audio=False)
        self._stack.callback(reader.close)
        last = max(0.0, reader.duration - 1 / reader.fps)

        def picture(frame: int) -> Pixels:
            at = (skip + (0 if frozen else frame)) / self._fps
            with _told(self._media[sha256]):
                read = Image.fromarray(reader.get_frame(min(max(at, 0.0), last)))
            return np.asarray(framed(read, size[0] / size[1], focus).resize(size, Image.Resampling.BICUBIC))

        return self._drawn(picture)

    def _inset(self, item: Inset) -> Any:
        left, top, width, height = inset_box(item.note, Layout(*self._size))
        mask = self._media[item.note.mask] if item.note.mask else None
        if item.medium.is_video:
            clip = self._read(item.medium.sha256, (width, height), item.note.focus, item.skip, False)
            alpha = inset_alpha(item.note, (width, height), mask) / 255
        else:
            picture = inset_picture(item.note, (width, height), self._media[item.medium.sha256], mask)
            pixels = np.asarray(picture.convert("RGB"))
            clip, alpha = self._drawn(lambda frame: pixels), np.asarray(picture.getchannel("A")) / 255
        clip = self._masked(clip, lambda frame: alpha * item.opacity(item.first + frame))
        return self._placed(clip, item.first, item.frames).with_position((left, top))

    def _type(self, item: Lettering) -> Any:
        logo = self._media[item.note.logo] if item.note.logo else None
        plate = draw_type(item.note, self._cut.note, logo)
        pixels = np.asarray(plate.picture.convert("RGB"))
        alpha = np.asarray(plate.picture.getchannel("A")) / 255
        clip = self._masked(self._drawn(lambda frame: pixels), lambda frame: alpha * item.opacity(item.first + frame))
        return self._placed(clip, item.first, item.frames).with_position((plate.left, plate.top))

    def _drawn(self, draw: Callable[[int], Pixels]) -> Any:
        from moviepy import VideoClip

        return VideoClip(lambda t: draw(self._frame(t)))

    def _masked(self, clip: Any, mask: Callable[[int], Mask]) -> Any:
        from moviepy import VideoClip

        return clip.with_mask(VideoClip(lambda t: mask(self._frame(t)), is_mask=True))

    def _frame(self, t: float) -> int:
        return max(0, round(t * self._fps - _ROUND))

    def _placed(self, clip: Any, first: int, frames: int) -> Any:
        clip = clip.with_duration(frames / self._fps)
        if clip.mask is not None:
            clip = clip.with_mask(clip.mask.with_duration(frames / self._fps))
        return clip.with_start((first - _ROUND) / self._fps)


def _plate(path: Path, size: tuple[int, int], focus: Focus) -> Image.Image:
    return framed(opened(path).convert("RGB"), size[0] / size[1], focus)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """moviepy's readers raise OSError and warn; a damaged clip is an error of its own."""
    try:
        yield
    except OSError as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise EngineFailed(f"The clip {path.name} cannot be read: {first}") from None


def _affected(clip: Any, effect: EffectNote) -> Any:
    """The clip with an effect on it. Raises InvalidInput for one that does not exist or refuses its parameters."""
    made = _effects().get(effect.name)
    if made is None:
        raise InvalidInput(
            f"There is no effect `{effect.name}`.",
            remedy=f"Known: {', '.join(sorted(_effects()))}. A package adds one by the entry point group {_GROUP}.",
        )
    try:
        return clip.with_effects([made(**effect.parameters)])
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"The effect `{effect.name}` cannot be played: {error}") from None


@cache
def _effects() -> dict[str, Callable[..., Any]]:
    """moviepy's effects by their names, and those of installed packages: each makes a moviepy `Effect`."""
    from moviepy import Effect, vfx

    found = {name: made for name, made in vars(vfx).items() if isinstance(made, type) and issubclass(made, Effect)}
    return {**found, **{point.name: point.load() for point in entry_points(group=_GROUP)}}
