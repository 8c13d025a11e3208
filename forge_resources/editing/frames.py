"""The frames of a spot, one after the other: windows of plates, clips, transitions, insets, type.

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

from PIL import ImageColor

from forge_resources.editing.camera import Box, box_at, smallest_size, whole, widest_size
from forge_resources.editing.clips import ClipReader, clip_reader
from forge_resources.editing.cut import Cut, Inset, Picture
from forge_resources.editing.planes import Layout, Planes
from forge_resources.editing.plates import Still
from forge_resources.editing.stamps import Stamp, cover_of, inset_alpha, inset_box, inset_picture, stamp_of
from forge_resources.schemas.edit import TransitionNote

_THREADS = 2
_AHEAD = 6  # frames; bounds the memory, whatever the length of the spot

Draw = Callable[[], Planes]


@dataclass(frozen=True)
class Layer:
    """A picture at a frame: its window or its own frame, and how far it has taken over from the one below, and how."""

    picture: Picture
    box: Box | None
    frame: int
    share: float
    transition: TransitionNote | None


@dataclass(frozen=True)
class FramePlan:
    """All that is seen at one frame.

    `layers` are pictures from the bottom up; `insets` and pieces of type, by their index in the cut, have their
    opacity, and an inset the frame of its medium.
    """

    layers: tuple[Layer, ...]
    insets: tuple[tuple[int, int, float], ...]
    lettering: tuple[tuple[int, float], ...]


def plans(cut: Cut) -> Iterator[FramePlan]:
    """What is seen at each frame of the cut, in order."""
    for frame in range(cut.note.frames):
        layers = tuple(_layer(picture, frame) for picture in cut.pictures if picture.first <= frame < picture.end)
        motion = [_layer(picture, frame) for picture in cut.motion if picture.first <= frame < picture.end]
        # A motion clip fills the frame: the plate under it is not seen.
        seen = tuple(motion) if motion else layers
        insets = ((index, _medium_frame(item, frame), item.opacity(frame)) for index, item in enumerate(cut.insets))
        type_ = ((index, item.opacity(frame)) for index, item in enumerate(cut.lettering))
        yield FramePlan(
            seen,
            tuple(each for each in insets if each[2] > 0),
            tuple(each for each in type_ if each[1] > 0),
        )


def _layer(picture: Picture, frame: int) -> Layer:
    inside = frame - picture.first
    share, transition = picture.share(frame), picture.entry.note if picture.entry else None
    if picture.medium.is_video:
        return Layer(picture, None, picture.skip if picture.frozen else picture.skip + inside, share, transition)
    box = box_at(picture.path or whole(), 0 if picture.frozen else inside, picture.frames)
    return Layer(picture, box, 0, share, transition)


def _medium_frame(item: Inset, frame: int) -> int:
    return item.skip + frame - item.first if item.medium.is_video else 0


def frames(
    cut: Cut, media: Mapping[str, Path], stamps: Sequence[Stamp], layout: Layout | None = None
) -> Generator[bytes, None, None]:
    """Every frame of the cut as raw video of `layout`, the timeline's size in 4:2:0 unless another is given.

    `stamps` are the pieces of type of `cut.lettering`, in its order. Raises EngineFailed for media that cannot be read.
    """
    layout = layout or Layout(cut.note.size.width, cut.note.size.height)
    with ExitStack() as stack, ThreadPoolExecutor(_THREADS, "forge-frames") as pool:
        bench = _Bench(cut, media, stamps, layout, stack)
        hiding = {index for index, stamp in enumerate(stamps) if stamp.hides(layout)}
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
            return FramePlan((), (), plan.lettering[place:])
    return plan


class _Bench:
    """The pictures that are in use: opened when first seen, put away after their last frame."""

    def __init__(
        self, cut: Cut, media: Mapping[str, Path], stamps: Sequence[Stamp], layout: Layout, stack: ExitStack
    ) -> None:
        self._cut, self._media, self._stamps, self._layout, self._stack = cut, media, stamps, layout, stack
        self._stills: dict[Picture, Still] = {}
        self._clips: dict[Picture | Inset, tuple[ClipReader, ExitStack]] = {}
        self._insets: dict[int, Stamp] = {}

    def job(self, plan: FramePlan) -> Callable[[], bytes]:
        """The making of one frame, free of shared state: clips are read here, in order; windows are drawn in it."""
        self._put_away(plan)
        layers = [(self._source(layer), layer) for layer in plan.layers]
        stamps = [(self._inset(index, frame), opacity) for index, frame, opacity in plan.insets]
        stamps += [(self._stamps[index], opacity) for index, opacity in plan.lettering]
        return lambda: _composed(layers, stamps)

    def _source(self, layer: Layer) -> Draw:
        box = layer.box
        if box is None:
            planes = self._clip(layer.picture, self._layout).frame(layer.frame)
            return planes.copy
        still = self._still(layer.picture)
        return lambda: still.window(box)

    def _still(self, picture: Picture) -> Still:
        if picture not in self._stills:
            path = picture.path or whole()
            medium = self._media[picture.medium.sha256]
            still = Still(medium, self._layout, smallest_size(path), widest_size(path), picture.focus)
            self._stills[picture] = still
        return self._stills[picture]

    def _clip(self, item: Picture | Inset, layout: Layout) -> ClipReader:
        if item not in self._clips:
            path = self._media[item.medium.sha256]
            focus = item.focus if isinstance(item, Picture) else item.note.focus
            closing = self._stack.enter_context(ExitStack())
            reader = closing.enter_context(clip_reader(path, self._cut.note.fps, layout, focus))
            self._clips[item] = reader, closing
        return self._clips[item][0]

    def _inset(self, index: int, frame: int) -> Stamp:
        item = self._cut.insets[index]
        left, top, width, height = inset_box(item.note, self._layout)
        mask = self._media[item.note.mask] if item.note.mask else None
        if index not in self._insets:
            layout = self._layout.of_size(width, height)
            if item.medium.is_video:
                cover = cover_of(inset_alpha(item.note, (width, height), mask) / 255, layout)
                self._insets[index] = Stamp(Planes.empty(layout), cover, left, top)
            else:
                picture = inset_picture(item.note, (width, height), self._media[item.medium.sha256], mask)
                self._insets[index] = stamp_of(picture, left, top, self._layout)
        stamp = self._insets[index]
        if item.medium.is_video:
            return stamp.showing(self._clip(item, stamp.planes.layout).frame(frame))
        return stamp

    def _put_away(self, plan: FramePlan) -> None:
        """Lets go of what is not in this frame. Pictures come once each, so nothing is opened twice."""
        seen: set[Picture | Inset] = {layer.picture for layer in plan.layers}
        insets = {index for index, _, _ in plan.insets}
        seen |= {self._cut.insets[index] for index in insets}
        for picture in set(self._stills) - seen:
            del self._stills[picture]
        for item in set(self._clips) - seen:
            self._clips.pop(item)[1].close()
        for index in set(self._insets) - insets:
            del self._insets[index]


def _composed(layers: Sequence[tuple[Draw, Layer]], stamps: Sequence[tuple[Stamp, float]]) -> bytes:
    # Without pictures, the lowest piece of type covers the frame.
    frame = layers[0][0]() if layers else stamps[0][0].planes.copy()
    for draw, layer in layers[1:]:
        frame = _taken_over(frame, draw(), layer)
    for stamp, opacity in stamps if layers else stamps[1:]:
        stamp.lay_over(frame, opacity)
    return frame.tobytes()


def _taken_over(frame: Planes, over: Planes, layer: Layer) -> Planes:
    note = layer.transition or TransitionNote(kind="dissolve")
    if note.kind == "wipe":
        return frame.wiped(over, layer.share, note.direction, note.softness)
    if note.kind == "dip":
        return frame.dipped(over, layer.share, _rgb(note.colour))
    return frame.blended(over, layer.share)


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue
