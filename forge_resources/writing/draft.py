"""The embedded text engine: composes concept, culture and script from the brief, the audience and phrase banks.

What belongs here: the engine itself. What does not: how each paper is composed (see `notes`, `scripting`), or the
phrases, structures and scenes (data files in `writing/data`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from forge_resources.engines.contract import Facts, Sources, TextEngine, TextNode
from forge_resources.schemas.brief import Brief, CellBrief
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.schemas.types import Document, Tier
from forge_resources.writing.draft_parameters import (
    DraftParameters,
    concept_parameters,
    culture_parameters,
    script_parameters,
)
from forge_resources.writing.notes import write_concept, write_culture
from forge_resources.writing.scripting import write_script
from forge_resources.writing.tones import known_tones, unheard


class DraftWriter(TextEngine):
    """Composes, and does not pretend to translate: lines that a market lacks block its cells."""

    name = "draft"
    tier: ClassVar[Tier] = "draft"
    version = "1"
    summary = "Composes scripts from the brief's lines, the audience and phrase banks per language; cannot translate."
    translates = False
    Parameters = DraftParameters

    def remarks(self, brief: Brief) -> list[str]:
        """Tones it has no words for."""
        known = ", ".join(sorted(known_tones()))
        return [f"tone: `{self.name}` has no words for `{word}`; it knows {known}" for word in unheard(brief.tone)]

    def parameters(
        self, node: TextNode, brief: CellBrief, concept: Concept | None = None, culture: Culture | None = None
    ) -> BaseModel:
        """Raises Blocked for a script whose market lacks lines or phrases, naming what to supply."""
        if node == "concept":
            return concept_parameters(brief)
        if node == "culture":
            return culture_parameters(brief)
        return script_parameters(brief, concept)

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Writes the paper as JSON. Facts: `words`, and `rows` for a concept or script."""
        wanted = DraftParameters.model_validate(parameters)
        paper, facts = _paper(wanted)
        text = json.dumps(paper.model_dump(mode="json"), ensure_ascii=False, indent=2)
        target.write_text(text + "\n", encoding="utf-8")
        return facts


def _paper(wanted: DraftParameters) -> tuple[Document, Facts]:
    if wanted.concept:
        concept = write_concept(wanted.concept)
        return concept, {"rows": len(concept.structure), "words": len(concept.core_message.split())}
    if wanted.culture:
        culture = write_culture(wanted.culture)
        notes = [*culture.context, *culture.pitfalls, *culture.opportunities, *culture.regulations]
        return culture, {"words": sum(len(note.split()) for note in notes)}
    assert wanted.script is not None  # the contract of DraftParameters
    script = write_script(wanted.script)
    return script, {"rows": len(script.rows), "words": _words_in(script)}


def _words_in(script: Script) -> int:
    """Words spoken and shown; languages written without spaces count a sentence as one."""
    return sum(len(line.split()) for row in script.rows for line in (row.voice_over, row.super) if line)
