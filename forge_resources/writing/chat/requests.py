"""What each node asks a model for: its prompt, its variables, the form of its reply, and what code keeps of it.

What belongs here: from cell and papers to a request, the same for every engine. What does not: models and their
settings (see `engines`), wording (see `data/prompts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forge_resources.findings import Finding
from forge_resources.schemas.brief import CellBrief, MarketBrief
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.schemas.writing import WritingNode
from forge_resources.writing.chat.recipes import FixedRow, Frame
from forge_resources.writing.chat.reply_schemas import (
    Schema,
    adaptation_schema,
    concept_schema,
    culture_schema,
    enhancement_schema,
    review_schema,
    revision_schema,
    script_schema,
)
from forge_resources.writing.faulty_rows import faulty_shots
from forge_resources.writing.prompt_variables import (
    concept_variables,
    culture_variables,
    enhancement_variables,
    review_variables,
    revision_variables,
    script_variables,
)
from forge_resources.writing.prompts import Prompt, PromptName, load_prompt


@dataclass(frozen=True)
class Request:
    """One question to a model. `language` is whose settings and prompt hold."""

    node: WritingNode
    prompt_name: PromptName
    language: str
    variables: Mapping[str, object]
    schema: Schema
    frame: Frame | None = None

    @property
    def prompt(self) -> Prompt:
        """The prompt in force. Raises InvalidInput where its file is faulty."""
        return load_prompt(self.prompt_name, self.language)

    def messages(self) -> tuple[str, str]:
        """System and user message. Raises InvalidInput for a variable that is missing."""
        return self.prompt.render({**self.variables, "reply_schema": self.schema})


def concept_request(brief: CellBrief) -> Request:
    """Brief-level things only, in the brief's language: every cell of a brief asks the same."""
    variables = concept_variables(brief)
    return Request("concept", "concept", brief.market_brief.source_language, variables, concept_schema())


def culture_request(brief: CellBrief, concept: Concept) -> Request:
    """Market things only: every persona of a market asks the same."""
    return Request("culture", "culture", _language(brief), culture_variables(brief, concept), culture_schema())


def script_request(brief: CellBrief, concept: Concept, culture: Culture) -> Request:
    """A script written anew, or adapted from the brief's."""
    market = brief.market_brief
    variables = script_variables(brief, concept, culture)
    if market.origin:
        return Request(
            "script", "adaptation", _language(brief), variables, adaptation_schema(market), _frame_of(market)
        )
    return Request("script", "script", _language(brief), variables, script_schema(market), _frame_of(market))


def revision_request(
    brief: CellBrief, concept: Concept, culture: Culture, draft: Script, findings: Sequence[Finding]
) -> Request:
    """The next draft: of the faulty rows, or of everything where a finding is about the whole."""
    faulty = faulty_shots(findings, draft)
    variables = revision_variables(brief, concept, culture, draft, findings, faulty)
    frame = _frame_of(brief.market_brief).model_copy(update={"draft": draft, "faulty": sorted(faulty)})
    schema = revision_schema(brief.market_brief, sorted(faulty))
    return Request("revision", "revision", _language(brief), variables, schema, frame)


def review_request(brief: CellBrief, concept: Concept, culture: Culture, script: Script) -> Request:
    """One question for all judged gates."""
    variables = review_variables(brief, concept, culture, script)
    schema = review_schema(row.shot for row in script.rows)
    return Request("review", "review", _language(brief), variables, schema)


def enhancement_request(brief: CellBrief, description: str) -> Request:
    """Neither market nor persona is in it, so that equal pictures have equal descriptions."""
    return Request("enhancement", "enhancement", "en", enhancement_variables(brief, description), enhancement_schema())


def _language(brief: CellBrief) -> str:
    return brief.market_brief.market.language.code


def _frame_of(market: MarketBrief) -> Frame:
    """What a script of this market has whatever a model says."""
    origin = market.origin.script if market.origin else None
    return Frame(
        language=market.market.language.code,
        legal=market.must_say,
        origin=[FixedRow(duration_s=row.duration_s, visual=row.visual) for row in origin] if origin else None,
    )
