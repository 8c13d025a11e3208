"""The frames of a spot, one after the other: windows of plates, clips, dissolves, type.

What belongs here: what is seen at each frame, and making it, a few frames ahead on two threads. What does not:
encoding (see `render`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from forge_resources.editing.camera import Box, box_at, smallest_size, whole
from forge_resources.editing.clips import ClipReader, clip_reader
from forge_resources.editing.cut import Cut, Picture
from forge_resources.editing.plates import Planes, Stamp, Still

_THREADS = 2
_AHEAD = 6  # frames; bounds the memory, whatever the length of the spot


@dataclass(frozen=True)
class Layer:
    """A picture at a frame: which one (index into the cut), its window or its own frame, and how much of it shows."""

    picture: int
    box: Box | None
    frame: int
    share: float


@dataclass(frozen=True)
class FramePlan:
    """All that is seen at one frame: pictures from the bottom up, and pieces of type with their opacity."""

    layers: tuple[Layer, ...]
    lettering: tuple[tuple[int, float], ...]


def plans(cut: Cut) -> Iterator[FramePlan]:
    """What is seen at each frame of the cut, in order."""
    for frame in range(cut.note.frames):
        layers = tuple(
            _layer(index, picture, frame)
            for index, picture in enumerate(cut.pictures)
            if picture.first <= frame < picture.end
        )
        opacities = ((index, item.opacity(frame)) for index, item in enumerate(cut.lettering))
        yield FramePlan(layers, tuple((index, opacity) for index, opacity in opacities if opacity > 0))


def _layer(index: int, picture: Picture, frame: int) -> Layer:
    inside = frame - picture.first
    share = min(1.0, (inside + 1) / (picture.fade_frames + 1))
    if is_clip(picture):
        return Layer(index, None, picture.skip + inside, share)
    return Layer(index, box_at(picture.path or whole(), inside, picture.frames), 0, share)


def is_clip(picture: Picture) -> bool:
    """Whether the picture is a video of its own rather than a plate."""
    return picture.medium.suffix == ".mp4"


def frames(cut: Cut, media: Mapping[str, Path], stamps: Sequence[Stamp]) -> Generator[bytes, None, None]:
    """Every frame of the cut as raw `yuv420p`. `stamps` are the pieces of type of `cut.lettering`, in its order.

    Raises EngineFailed for media that cannot be read.
    """
    with ExitStack() as stack, ThreadPoolExecutor(_THREADS, "forge-frames") as pool:
        bench = _Bench(cut, media, stamps, stack)
        hiding = {index for index, stamp in enumerate(stamps) if stamp.hides(cut.note.size)}
        waiting: deque[Future[bytes]] = deque()
        before: FramePlan | None = None
        for planned in plans(cut):
            plan = _visible(planned, hiding)
            # A frame that looks like the one before is not made again.
            same = plan == before and waiting
            waiting.append(waiting[-1] if same else pool.submit(bench.job(plan)))
            before = plan
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _visible(plan: FramePlan, hiding: set[int]) -> FramePlan:
    """The plan without what lies behind type that covers the whole frame, such as an end card."""
    for place in reversed(range(len(plan.lettering))):
        index, opacity = plan.lettering[place]
        if index in hiding and opacity == 1:
            return FramePlan((), plan.lettering[place:])
    return plan


class _Bench:
    """The pictures that are in use: opened when first seen, put away after their last frame."""

    def __init__(self, cut: Cut, media: Mapping[str, Path], stamps: Sequence[Stamp], stack: ExitStack) -> None:
        self._cut, self._media, self._stamps, self._stack = cut, media, stamps, stack
        self._stills: dict[int, Still] = {}
        self._clips: dict[int, tuple[ClipReader, ExitStack]] = {}

    def job(self, plan: FramePlan) -> Callable[[], bytes]:
        """The making of one frame, free of shared state: clips are read here, in order; windows are drawn in it."""
        seen = {layer.picture for layer in plan.layers}
        self._put_away(seen)
        sources = [(self._source(layer), layer.share) for layer in plan.layers]
        stamps = [(self._stamps[index], opacity) for index, opacity in plan.lettering]
        return lambda: _composed(sources, stamps)

    def _source(self, layer: Layer) -> Callable[[], Planes]:
        box = layer.box
        if box is None:
            planes = self._clip(layer.picture).frame(layer.frame)
            return planes.copy
        still = self._still(layer.picture)
        return lambda: still.window(box)

    def _still(self, index: int) -> Still:
        if index not in self._stills:
            picture = self._cut.pictures[index]
            closest = smallest_size(picture.path or whole())
            self._stills[index] = Still(self._media[picture.medium.sha256], self._cut.note.size, closest)
        return self._stills[index]

    def _clip(self, index: int) -> ClipReader:
        if index not in self._clips:
            path = self._media[self._cut.pictures[index].medium.sha256]
            closing = self._stack.enter_context(ExitStack())
            reader = closing.enter_context(clip_reader(path, self._cut.note.fps, self._cut.note.size))
            self._clips[index] = reader, closing
        return self._clips[index][0]

    def _put_away(self, seen: set[int]) -> None:
        """Lets go of what is not in this frame. Pictures come once each, so nothing is opened twice."""
        for index in set(self._stills) - seen:
            del self._stills[index]
        for index in set(self._clips) - seen:
            self._clips.pop(index)[1].close()


def _composed(sources: Sequence[tuple[Callable[[], Planes], float]], stamps: Sequence[tuple[Stamp, float]]) -> bytes:
    # Without pictures, the lowest piece of type covers the frame.
    picture = sources[0][0]() if sources else stamps[0][0].planes.copy()
    for source, share in sources[1:]:
        picture = picture.blended(source(), share)
    for stamp, opacity in stamps if sources else stamps[1:]:
        stamp.lay_over(picture, opacity)
    return picture.tobytes()
