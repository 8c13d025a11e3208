"""What a well-behaved model writes for the lamp of `tests/scripts`: papers that pass every gate.

What belongs here: answers by the form that is asked for. What does not: the wire (see `chat_server`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

GOOD: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "scripts" / "good.yaml").read_text(encoding="utf-8"))
COUNTRIES = {
    "United Kingdom": "en-plain", "United States": "en-numbers", "India": "en-west", "Germany": "de-plain",
    "France": "fr-simple", "Spain": "es-sencillo", "Italy": "it-semplice", "Brazil": "pt-simples",
    "Netherlands": "nl-eenvoudig", "Poland": "pl-prosty", "Japan": "ja-yasashii", "China": "zh-jiandan",
}  # fmt: skip
PICTURE = {
    "size": "medium", "angle": "eye", "move": "hold", "setting": "bedroom", "time_of_day": "dawn", "persons": [],
    "props": [],
}  # fmt: skip


def node_of(schema: Mapping[str, Any]) -> str:
    """Which paper a form is of."""
    fields = schema["properties"]
    if "core_message" in fields:
        return "concept"
    if "context" in fields:
        return "culture"
    if "brand_voice" in fields:
        return "review"
    if "description" in fields:
        return "enhancement"
    row = fields["rows"]["items"]["properties"]
    return "revision" if "shot" in row else "script"


def concept() -> dict[str, Any]:
    return {
        "core_message": "Light wakes you before noise does.",
        "structure": ["hook", "product", "call"],
        "beats": ["A dark morning.", "The lamp glows.", "The viewer tries it."],
        "must_stay": ["The names Aurora Lamp and Lumen."],
        "may_change": ["Rooms and people."],
        "brand_voice": ["calm"],
    }


def culture() -> dict[str, Any]:
    return {
        "context": ["Mornings are busy."], "substitutions": [], "tone": ["calm"], "pitfalls": [], "opportunities": [],
        "regulations": [],
    }  # fmt: skip


def rows(name: str, schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a good script in the form that is asked for."""
    wanted = schema["properties"]["rows"]["items"]["properties"]
    fields = ("seconds", "beat", "visual", "voice_over", "voice_over_gloss", "super", "super_gloss")
    made = []
    for shot, row in enumerate(GOOD[name]["rows"], start=1):
        whole = {**dict(zip(fields, row, strict=True)), **PICTURE, "shot": shot, "why": "It suits the market."}
        made.append({field: whole[field] or "" if field != "persons" and field != "props" else [] for field in wanted})
    return made


def review(**issues: list[dict[str, Any]]) -> dict[str, Any]:
    return {"culture": [], "concept": [], "brand_voice": [], **issues}


def country_in(texts: list[str]) -> str:
    """The country that a prompt names first."""
    whole = "\n".join(texts)
    return min((name for name in COUNTRIES if name in whole), key=whole.index)


def paper(schema: Mapping[str, Any], texts: list[str]) -> str:
    """A good answer to a prompt."""
    node = node_of(schema)
    if node == "concept":
        return json.dumps(concept())
    if node == "culture":
        return json.dumps(culture())
    if node == "review":
        return json.dumps(review())
    if node == "enhancement":
        return json.dumps({"description": "A lamp glows beside a bed at dawn, soft light, shallow focus."})
    return json.dumps({"rows": rows(COUNTRIES[country_in(texts)], schema)}, ensure_ascii=False)
