"""Models that stay in memory: `resident(key, load)` gives the loaded model, loading it only where it is not there.

What belongs here: the key of a model, what a loaded one must be able to do, and the cache of a process: bounded by
bytes, least recently used goes first, demoted to host memory before it is dropped. What does not: how a model is
loaded (its engine says), and in which process this is (see `hosts`).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from forge_resources.gpu.budget import Budget, give_back_freed_memory
from forge_resources.gpu.steps import phase


@dataclass(frozen=True)
class ModelKey:
    """What makes two loaded models the same one.

    `model` is a name or folder, `revision` a commit or a hash of the weights; `dtype`, `quantisation` and `offload`
    are the loader's words for them; `adapters` are in the order in which they were put on, with their weights, such
    as `("film-look@9c1f:0.8",)`.
    """

    model: str
    revision: str = ""
    dtype: str = ""
    quantisation: str = ""
    offload: str = ""
    adapters: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (self.revision[:12], self.dtype, self.quantisation, self.offload, *self.adapters)
        return " ".join([self.model, *(part for part in parts if part)])


@dataclass
class Resident:
    """A loaded model. `size` is what it takes on the device, in bytes, without parts that are residents themselves.

    `demote` moves it to host memory and `restore` back; leave both out where it cannot be moved or lives in host
    memory anyway. `drop` is called before it is let go, for what the garbage collector does not do by itself.
    """

    value: Any
    size: int
    demote: Callable[[], None] | None = None
    restore: Callable[[], None] | None = None
    drop: Callable[[], None] | None = None


@dataclass(frozen=True)
class ResidenceCounts:
    """What a cache has done since it was made. Bytes are those held now."""

    hits: int = 0
    loads: int = 0
    restores: int = 0
    demotions: int = 0
    evictions: int = 0
    load_seconds: float = 0.0
    bytes: int = 0
    host_bytes: int = 0

    def since(self, before: ResidenceCounts) -> ResidenceCounts:
        """What was done since `before`, and what is held now."""
        return ResidenceCounts(
            hits=self.hits - before.hits,
            loads=self.loads - before.loads,
            restores=self.restores - before.restores,
            demotions=self.demotions - before.demotions,
            evictions=self.evictions - before.evictions,
            load_seconds=self.load_seconds - before.load_seconds,
            bytes=self.bytes,
            host_bytes=self.host_bytes,
        )


@dataclass
class _Place:
    """A resident and where it is. `parts` are models that it was loaded with and shares with others."""

    resident: Resident
    on_device: bool = True
    users: int = 0
    parts: list[ModelKey] = field(default_factory=list)


class ModelCache:
    """The models of one process.

    Not two loads at once: a second caller waits, and finds the model where it is the same one. A model that a job has
    taken is neither moved nor dropped before `job` ends. A model larger than the budget is loaded all the same, with
    everything else out of its way.

    Within `load`, `resident` may be called for a part that other models share, such as a text encoder. The part is
    counted once and stays as long as a model that was loaded with it.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._places: OrderedDict[ModelKey, _Place] = OrderedDict()
        self._sizes: dict[ModelKey, int] = {}
        self._loading: list[list[ModelKey]] = []
        self._taken: list[set[ModelKey]] = []
        self._counts = ResidenceCounts()
        self._lock = threading.RLock()

    def resident(self, key: ModelKey, load: Callable[[], Resident], size: int = 0) -> Resident:
        """The model of `key`. `size` is about what it will take in bytes, where the caller knows, to make room first.

        Errors of `load` pass through; nothing is kept of what it began.
        """
        with self._lock:
            place = self._places.get(key)
            if place is None:
                place = self._load(key, load, size)
            else:
                self._count(hits=1)
                self._bring_back(key, place)
            self._places.move_to_end(key)
            if self._loading:
                self._loading[-1].append(key)
            if self._taken and key not in self._taken[-1]:
                self._taken[-1].add(key)
            return place.resident

    @contextmanager
    def job(self) -> Iterator[None]:
        """Until the block ends, what it takes with `resident` stays where it is."""
        with self._lock:
            self._taken.append(set())
        try:
            yield
        finally:
            with self._lock:
                self._taken.pop()
                # What was loaded beyond the budget goes as soon as nobody uses it.
                self._make_room(0)

    def clear(self) -> None:
        """Lets go of every model that no job has taken."""
        with self._lock:
            for key in list(self._places):
                if key in self._places and self._is_free(key):
                    self._drop(key)

    def counts(self) -> ResidenceCounts:
        """What was done so far, and what is held now."""
        with self._lock:
            on_device = sum(place.resident.size for place in self._places.values() if place.on_device)
            demoted = sum(place.resident.size for place in self._places.values() if not place.on_device)
            return replace(self._counts, bytes=on_device, host_bytes=demoted)

    def models(self) -> list[tuple[ModelKey, int, bool]]:
        """The models held, least recently used first: key, bytes, whether on the device."""
        with self._lock:
            return [(key, place.resident.size, place.on_device) for key, place in self._places.items()]

    def _load(self, key: ModelKey, load: Callable[[], Resident], size: int) -> _Place:
        phase("load", str(key))
        self._make_room(self._sizes.get(key, size))
        started = time.monotonic()
        self._loading.append([])
        try:
            resident = load()
        finally:
            parts = self._loading.pop()
        self._count(loads=1, load_seconds=time.monotonic() - started)
        self._sizes[key] = resident.size
        place = self._places[key] = _Place(resident, parts=list(dict.fromkeys(parts)))
        for part in place.parts:
            self._places[part].users += 1
        self._make_room(0, besides=key)
        phase("make", str(key))
        return place

    def _bring_back(self, key: ModelKey, place: _Place) -> None:
        for part in place.parts:
            self._bring_back(part, self._places[part])
            self._places.move_to_end(part)
        if place.on_device:
            return
        phase("load", f"{key} from host memory")
        self._make_room(place.resident.size, besides=key)
        if place.resident.restore is not None:
            place.resident.restore()
        place.on_device = True
        self._count(restores=1)
        phase("make", str(key))

    def _make_room(self, wanted: int, besides: ModelKey | None = None) -> None:
        """Moves out, least recently used first, until `wanted` bytes fit, or nothing is left that may go."""
        freed = False
        while self.counts().bytes + wanted > self.budget.device:
            key = self._oldest(on_device=True, besides=besides)
            if key is None:
                break
            freed = True
            place = self._places[key]
            if place.resident.demote is None or place.resident.restore is None:
                self._drop(key)
            elif self._fits_host(place.resident.size):
                place.resident.demote()
                place.on_device = False
                self._count(demotions=1)
            else:
                self._drop(key)
        if freed:
            give_back_freed_memory()

    def _fits_host(self, size: int) -> bool:
        if size > self.budget.host:
            return False
        while self.counts().host_bytes + size > self.budget.host:
            key = self._oldest(on_device=False, besides=None)
            if key is None:
                return False
            self._drop(key)
        return True

    def _oldest(self, *, on_device: bool, besides: ModelKey | None) -> ModelKey | None:
        """The model used longest ago among those that may go."""
        for key, place in self._places.items():
            if place.on_device == on_device and key != besides and self._is_free(key):
                return key
        return None

    def _is_free(self, key: ModelKey) -> bool:
        """Whether no job, no load that is going on and no other model holds it."""
        held = [*self._taken, *self._loading]
        if any(key in keys for keys in held) or self._places[key].users:
            return False
        return not any(key in self._places[taken].parts for keys in self._taken for taken in keys)

    def _drop(self, key: ModelKey) -> None:
        place = self._places.pop(key)
        for part in place.parts:
            self._places[part].users -= 1
        if place.resident.drop is not None:
            place.resident.drop()
        place.resident.value = None
        self._count(evictions=1)

    def _count(self, **more: float) -> None:
        self._counts = replace(self._counts, **{name: getattr(self._counts, name) + n for name, n in more.items()})


@cache
def process_cache() -> ModelCache:
    """The cache of this process, with the budget that the environment and the device give."""
    return ModelCache(Budget.of_this_process())


def resident(key: ModelKey, load: Callable[[], Resident], size: int = 0) -> Resident:
    """The model of `key` in this process, loaded with `load` where it is not there. See `ModelCache.resident`."""
    return process_cache().resident(key, load, size)
