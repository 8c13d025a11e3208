"""A short brief as a person writes it, and changes of it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

SHORT: dict[str, Any] = {
    "brief": "night-tea",
    "brand": "lumen",
    "product": {
        "name": "Night Tea",
        "description": "A herbal tea for the evening.",
        "selling_points": ["Blended for the evening", "Twenty bags a box"],
    },
    "message": "Let the day go.",
    "call_to_action": "Try a cup tonight.",
    "tone": ["calm"],
    "duration_s": 6,
    "markets": ["en-GB", "de-DE"],
    "personas": ["busy-parent"],
    "copy": {
        "de": {
            "message": "Lass den Tag los.",
            "call_to_action": "Heute Abend probieren.",
            "selling_points": ["Für den Abend gemischt", "Zwanzig Beutel"],
        }
    },
    "seed": 3,
    # Small pictures, encoded in a hurry.
    "delivery": ["preview"],
}

ORIGIN = {
    "script": [
        {"shot": 1, "duration_s": 3, "visual": "A woman pours tea in the kitchen at night.", "super": "Evening."},
        {"shot": 2, "duration_s": 3, "visual": "Close-up of the box on a table.", "voice_over": "Let the day go."},
    ]
}


def short_brief(**changes: Any) -> dict[str, Any]:
    """The short brief with some of its keys changed; None removes a key."""
    brief = deepcopy(SHORT) | changes
    return {key: value for key, value in brief.items() if value is not None}


def write_brief(folder: Path, name: str = "night-tea.yaml", **changes: Any) -> Path:
    """Writes the short brief, changed, into a folder. Returns its path."""
    path = folder / name
    path.write_text(yaml.safe_dump(short_brief(**changes), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
