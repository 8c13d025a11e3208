"""Models that stay in memory: bounded by bytes, demoted before dropped, never two loads at once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from forge_resources.errors import InvalidInput
from forge_resources.gpu.budget import Budget
from forge_resources.gpu.residence import ModelCache, ModelKey, Resident
from forge_resources.gpu.steps import Cancelled, Watch, step, watched


@dataclass
class Shelf:
    """Models that write down what becomes of them."""

    movable: bool = True
    said: list[str] = field(default_factory=list)

    def load(self, name: str, size: int) -> Resident:
        self.said.append(f"load {name}")

        def tell(what: str) -> None:
            self.said.append(f"{what} {name}")

        return Resident(
            value=name,
            size=size,
            demote=(lambda: tell("demote")) if self.movable else None,
            restore=(lambda: tell("restore")) if self.movable else None,
            drop=lambda: tell("drop"),
        )


def take(cache: ModelCache, shelf: Shelf, name: str, size: int = 40) -> object:
    return cache.resident(ModelKey(name), lambda: shelf.load(name, size)).value


def test_a_model_is_loaded_once() -> None:
    cache, shelf = ModelCache(Budget(100)), Shelf()
    assert [take(cache, shelf, "one") for _ in range(3)] == ["one"] * 3
    assert shelf.said == ["load one"]
    assert (cache.counts().loads, cache.counts().hits, cache.counts().bytes) == (1, 2, 40)


def test_every_part_of_the_key_makes_another_model() -> None:
    keys = {
        ModelKey("m"),
        ModelKey("m", revision="2"),
        ModelKey("m", dtype="float16"),
        ModelKey("m", quantisation="int8"),
        ModelKey("m", offload="model"),
        ModelKey("m", adapters=("a:1",)),
        ModelKey("m", adapters=("a:0.5",)),
    }
    cache = ModelCache(Budget(1000))
    for key in keys:
        cache.resident(key, lambda: Resident(object(), 1))
    assert cache.counts().loads == len(keys)


def test_the_one_used_longest_ago_is_demoted_then_dropped() -> None:
    cache, shelf = ModelCache(Budget(device=100, host=50)), Shelf()
    take(cache, shelf, "one")
    take(cache, shelf, "two")
    take(cache, shelf, "one")
    take(cache, shelf, "three")  # 120 of 100: `two` goes to the host
    assert shelf.said[-2:] == ["load three", "demote two"]
    take(cache, shelf, "four")  # `one` goes to the host, where there is no room for `two` beside it
    assert shelf.said[-3:] == ["load four", "drop two", "demote one"]
    counts = cache.counts()
    assert (counts.demotions, counts.evictions, counts.bytes, counts.host_bytes) == (2, 1, 80, 40)


def test_what_was_demoted_comes_back_without_loading() -> None:
    cache, shelf = ModelCache(Budget(device=50, host=100)), Shelf()
    for name in ("one", "two", "one"):
        take(cache, shelf, name)
    assert shelf.said[-2:] == ["demote two", "restore one"]
    assert (cache.counts().loads, cache.counts().restores) == (2, 1)


def test_what_cannot_be_moved_is_dropped() -> None:
    cache, shelf = ModelCache(Budget(device=50, host=100)), Shelf(movable=False)
    take(cache, shelf, "one")
    take(cache, shelf, "two")
    assert shelf.said == ["load one", "load two", "drop one"]


def test_room_is_made_first_where_the_size_is_known() -> None:
    cache, shelf = ModelCache(Budget(50)), Shelf(movable=False)
    take(cache, shelf, "one")
    cache.resident(ModelKey("two"), lambda: shelf.load("two", 40), size=40)
    assert shelf.said == ["load one", "drop one", "load two"]


def test_what_a_job_has_taken_stays_until_the_job_ends() -> None:
    cache, shelf = ModelCache(Budget(50)), Shelf(movable=False)
    with cache.job():
        take(cache, shelf, "one")
        take(cache, shelf, "two")
        assert shelf.said == ["load one", "load two"]
    assert shelf.said[-1] == "drop one"
    assert cache.counts().bytes == 40


def test_a_shared_part_is_loaded_once_and_stays_with_its_users() -> None:
    cache, shelf = ModelCache(Budget(100)), Shelf(movable=False)

    def pipeline(name: str) -> Resident:
        take(cache, shelf, "text", 30)
        return shelf.load(name, 30)

    for name in ("plain", "styled"):
        cache.resident(ModelKey(name), lambda name=name: pipeline(name))  # type: ignore[misc]
    assert shelf.said == ["load text", "load plain", "load styled"]
    assert cache.counts().bytes == 90
    take(cache, shelf, "third", 60)
    assert shelf.said[-3:] == ["load third", "drop plain", "drop styled"]
    assert cache.counts().bytes == 90, "the text encoder that nobody uses now still fits"


def test_two_loads_never_meet() -> None:
    cache = ModelCache(Budget(1000))
    going_on: list[str] = []
    met: list[list[str]] = []

    def load(name: str) -> Resident:
        going_on.append(name)
        met.append(list(going_on))
        time.sleep(0.02)
        going_on.remove(name)
        return Resident(name, 1)

    names = ["one", "two", "one", "three"]
    threads = [
        threading.Thread(target=lambda n=name: cache.resident(ModelKey(n), lambda: load(n)))  # type: ignore[misc]
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(names) == 1 for names in met)
    assert cache.counts().loads == 3


def test_a_load_that_fails_leaves_nothing() -> None:
    cache, shelf = ModelCache(Budget(100)), Shelf()

    def fails() -> Resident:
        raise RuntimeError("no weights")

    with pytest.raises(RuntimeError):
        cache.resident(ModelKey("one"), fails)
    assert take(cache, shelf, "one") == "one"
    assert cache.counts().loads == 1


def test_the_budget_is_read_from_the_environment() -> None:
    budget = Budget.of_this_process({"FORGE_GPU_CACHE_GB": "1.5", "FORGE_GPU_HOST_GB": "0"})
    assert (budget.device, budget.host) == (1_500_000_000, 0)
    with pytest.raises(InvalidInput, match="FORGE_GPU_CACHE_GB"):
        Budget.of_this_process({"FORGE_GPU_CACHE_GB": "much"})


def test_a_step_is_told_and_stops_a_job_that_nobody_waits_for() -> None:
    heard: list[tuple[int, int]] = []
    step(1, 2)  # Nobody listens.
    with watched(Watch(on_step=lambda done, total: heard.append((done, total)))):
        step(1, 2)
        step(2, 2)
    assert heard == [(1, 2), (2, 2)]
    with watched(Watch(is_cancelled=lambda: True)), pytest.raises(Cancelled):
        step(1, 2)
