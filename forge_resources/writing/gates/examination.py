"""What the gates on a script look at: its rows beside everything the brief says itself.

What belongs here: what several gates ask of a script or a brief. What does not: any finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from forge_resources.schemas.brief import CellBrief, Lines, MarketBrief
from forge_resources.schemas.script import Script, ScriptRow


@dataclass(frozen=True)
class Field:
    """One text of a row. `place` names it for people, `language` is what it has to be in."""

    row: ScriptRow
    place: str
    text: str
    language: str


@dataclass(frozen=True)
class Measured:
    """How long the voice takes for a row's line, in seconds; None and a reason where it cannot be said in its shot."""

    seconds: float | None
    reason: str = ""


@dataclass(frozen=True)
class Examination:
    """A script, the cell it is for, and what a voice measured of its lines, by shot (empty where there is none)."""

    script: Script
    brief: CellBrief
    measured: Mapping[int, Measured] = field(default_factory=dict)

    @property
    def market(self) -> MarketBrief:
        return self.brief.market_brief

    @property
    def language(self) -> str:
        """The language that the market speaks."""
        return self.market.market.language.code

    @cached_property
    def names(self) -> list[str]:
        """The names that stay as they are in every language, longest first."""
        return sorted({self.market.product.name, self.market.brand.name}, key=len, reverse=True)

    def spoken_and_shown(self) -> Iterator[Field]:
        """Voice-over and super of every row that has them."""
        for row in self.script.rows:
            if row.voice_over:
                yield Field(row, f"row {row.shot} voice-over", row.voice_over, self.language)
            if row.super:
                yield Field(row, f"row {row.shot} super", row.super, self.language)

    def in_english(self) -> Iterator[Field]:
        """Visuals and glosses."""
        for row in self.script.rows:
            yield Field(row, f"row {row.shot} visual", row.visual, "en")
            if row.voice_over_gloss:
                yield Field(row, f"row {row.shot} gloss of the voice-over", row.voice_over_gloss, "en")
            if row.super_gloss:
                yield Field(row, f"row {row.shot} gloss of the super", row.super_gloss, "en")

    @cached_property
    def own_lines(self) -> list[str]:
        """What the brief itself says, in any language: its author answers for it."""
        brief = self.market
        lines = [*_lines(brief.lines), *_lines(brief.source_lines), *brief.must_say]
        lines += [brief.product.name, brief.product.description, *brief.product.selling_points, brief.brand.name]
        lines += [claim.text for claim in brief.claims]
        for row in brief.origin.script if brief.origin else []:
            lines += [text for text in (row.voice_over, row.super) if text]
        return list(dict.fromkeys(lines))

    @cached_property
    def market_lines(self) -> list[str]:
        """What the brief itself says for this market, in the market's language."""
        brief = self.market
        lines = [*_lines(brief.lines), *brief.must_say]
        if brief.origin and brief.source_language == self.language:
            lines += [text for row in brief.origin.script for text in (row.voice_over, row.super) if text]
        return lines

    @cached_property
    def said_by_the_brief(self) -> str:
        """All of `own_lines` as one text."""
        return "\n".join(self.own_lines)

    def without_names(self, text: str) -> str:
        """The text with the names of product and brand taken out."""
        for name in self.names:
            text = text.replace(name, " ")
        return text

    def written_anew(self, text: str) -> str:
        """What of a text the brief does not say itself for this market; names are taken out too."""
        for line in sorted(self.market_lines, key=len, reverse=True):
            text = text.replace(line, " ")
        return self.without_names(text)


def _lines(lines: Lines) -> list[str]:
    return [line for line in (lines.message, lines.call_to_action, *(lines.selling_points or [])) if line]
