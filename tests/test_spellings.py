"""Whoever writes a brief or an entry of the library is told in words how something is spelt, never by a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from forge_resources.library.loader import KINDS
from forge_resources.schemas.brief import Brief
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.types import SPELLINGS

NUMBERS = r"^\d+/\d+$"
"""Exact numbers in the schema. What is refused there is refused in words of its own."""


@pytest.mark.parametrize("model", [Brief, DeliveryProfile, *(kind.model for kind in KINDS)])
def test_each_pattern_has_its_words(model: type[BaseModel]) -> None:
    assert set(patterns(model.model_json_schema())) - {NUMBERS} <= SPELLINGS.keys()


def test_the_examples_are_spelt_as_they_say() -> None:
    for pattern, words in SPELLINGS.items():
        for example in re.findall("`([^`]+)`", words):
            assert re.search(pattern, example), (pattern, example)


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern of a JSON schema, those of keys included."""
    if isinstance(schema, list):
        for part in schema:
            yield from patterns(part)
    if not isinstance(schema, dict):
        return
    for name, part in schema.items():
        if name == "pattern" and isinstance(part, str):
            yield part
        elif name == "patternProperties":
            yield from part
        yield from patterns(part)
