"""The order in which letters of one line stand, where scripts that run left and right meet.

What belongs here: the implicit part of the Unicode bidirectional algorithm (UAX 9: W, N, I and L rules). What does not:
explicit embeddings, which the contracts refuse as control characters, paired brackets (N0), and shaping.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TypeVar

_STRONG = {"L", "R", "AL"}
_NEUTRAL = {"B", "S", "WS", "ON", "BN", "LRM", "RLM"}

Item = TypeVar("Item")


def is_right_to_left(text: str) -> bool:
    """Whether a line begins on the right: its first strong letter says so (rules P2, P3)."""
    first = next((kind for kind in map(unicodedata.bidirectional, text) if kind in _STRONG), "L")
    return first in {"R", "AL"}


def levels_of(text: str, right_to_left: bool) -> list[int]:
    """The embedding level of every character of one line; odd levels run from right to left."""
    base = 1 if right_to_left else 0
    outer = "R" if right_to_left else "L"
    kinds = _resolve_weak([unicodedata.bidirectional(char) or "L" for char in text], outer)
    kinds = _resolve_neutral(kinds, outer)
    levels = [_level(kind, base) for kind in kinds]
    # L1: spaces at the end of a line stand at its end.
    for i in range(len(text) - 1, -1, -1):
        if unicodedata.bidirectional(text[i]) != "WS":
            break
        levels[i] = base
    return levels


def visual_order(items: Sequence[Item], levels: Sequence[int]) -> list[Item]:
    """`items` of one line from left to right, each with its level (rule L2)."""
    order = list(range(len(items)))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            if levels[order[start]] < level:
                start += 1
                continue
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end
    return [items[i] for i in order]


def _resolve_weak(kinds: list[str], outer: str) -> list[str]:
    last, strong = outer, outer
    for i, kind in enumerate(kinds):  # W1, W2, W3
        now = kind
        if now == "NSM":
            now = last
        if now in _STRONG:
            strong = now
        if now == "EN" and strong == "AL":
            now = "AN"
        kinds[i] = last = now
    kinds = ["R" if kind == "AL" else kind for kind in kinds]
    for i in range(1, len(kinds) - 1):  # W4
        before, after = kinds[i - 1], kinds[i + 1]
        joins = kinds[i] == "CS" or (kinds[i] == "ES" and before == "EN")
        if joins and before == after and before in {"EN", "AN"}:
            kinds[i] = before
    for i, kind in enumerate(kinds):  # W5
        if kind == "EN":
            for step in (-1, 1):
                j = i + step
                while 0 <= j < len(kinds) and kinds[j] == "ET":
                    kinds[j] = "EN"
                    j += step
    kinds = ["ON" if kind in {"ES", "ET", "CS"} else kind for kind in kinds]  # W6
    strong = outer
    for i, kind in enumerate(kinds):  # W7
        if kind in {"L", "R"}:
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[i] = "L"
    return kinds


def _resolve_neutral(kinds: list[str], outer: str) -> list[str]:
    i = 0
    while i < len(kinds):
        if kinds[i] not in _NEUTRAL:
            i += 1
            continue
        end = i
        while end < len(kinds) and kinds[end] in _NEUTRAL:
            end += 1
        before = _direction(kinds[i - 1]) if i else outer
        after = _direction(kinds[end]) if end < len(kinds) else outer
        kinds[i:end] = [before if before == after else outer] * (end - i)  # N1, N2
        i = end
    return kinds


def _direction(kind: str) -> str:
    return "L" if kind == "L" else "R"


def _level(kind: str, base: int) -> int:
    if base % 2:
        return base + (kind != "R")
    return base + {"L": 0, "R": 1}.get(kind, 2)
