"""Where a text may break into lines, and where it best does.

What belongs here: break opportunities with their cost, and the choice among them for lines of even length. What does
not: how wide letters are (the caller measures), fonts, or what a language knows of its words (see `word_division`).

Where a line may end is Unicode's to say (UAX 14); where it best does is weighed here, and the phrases of Japanese,
Chinese and Thai are found by a model. Lao and Khmer, for which there is none, break at the spaces they have.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from uniseg.linebreak import line_break_units

from forge_resources.editing.fonts import script_of
from forge_resources.editing.word_division import SOFT_HYPHEN, has_phrases, hyphenated, phrase_ends

_NOT_AT_START = set(
    "、。，．・：；？！‼⁇⁈⁉）］｝」』】〕〉》〗〙”’…‥ー〜～々ゝゞヽヾ％℃°"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ)]},.!?:;%»"
)
_NOT_AT_END = set("（［｛「『【〔〈《〖〘“‘([{«¿¡￥＄$€£¥₹#@")
_CLAUSE_ENDS = set("、。，．：；？！‼⁇⁈⁉…‥）］｝」』】〕〉》")
_BREAKS_AFTER_EVERY_LETTER = {"Hani", "Hira", "Kana", "Bopo"}
_FRENCH_PUNCTUATION = set(";:!?»%€")
_DASHES = set("–—‒")

# Costs are in squares of em, as the unevenness of lines is: about the white that a better break may cost.
_COST_INSIDE_A_WORD = 9.0
_COST_OF_A_HYPHEN = 6.0
_COST_BETWEEN_PHRASES = 1.0
_GAIN_AT_A_CLAUSE = -2.0
_COST_OF_A_WIDOW = 12.0
_WIDOW_LETTERS, _WIDOW_WORD = 2, 6


@dataclass(frozen=True)
class Piece:
    """What is never broken: its text, and the cost of ending a line with it."""

    text: str
    cost: float = 0.0

    @property
    def at_end(self) -> str:
        """As the last of a line: without its space, a soft hyphen become visible."""
        bare = self.text.rstrip(" \u3000")
        return bare.removesuffix(SOFT_HYPHEN) + "-" if bare.endswith(SOFT_HYPHEN) else bare


def pieces_of(text: str, language: str = "", *, divide: bool = False) -> list[Piece]:
    """Cuts a text at every place where a line may end; joined, the pieces are the text.

    With `divide`, words may be divided where the language does that: by soft hyphens, which the pieces then have, or
    between the letters of a phrase of Japanese or Chinese.
    """
    text = _tied(hyphenated(text, language) if divide else text, language)
    speaks = _language_of(text, language)
    allowed, phrases = _opportunities(text), phrase_ends(text, speaks)
    whole = has_phrases(speaks) and not divide
    pieces: list[Piece] = []
    start = 0
    for i in range(1, len(text)):
        cost = _cost_of_break(text, i, i in allowed, i in phrases, speaks, whole=whole)
        if cost is not None:
            pieces.append(Piece(text[start:i], cost))
            start = i
    return [*pieces, Piece(text[start:])]


def _opportunities(text: str) -> frozenset[int]:
    """Where Unicode's line breaking algorithm (UAX 14) lets a line end."""
    ends, at = set(), 0
    for unit in line_break_units(text):
        at += len(unit)
        ends.add(at)
    return frozenset(ends)


def _language_of(text: str, language: str) -> str:
    """The language whose phrases are looked for: that of the text's own script, whatever the text was filed under."""
    scripts = {script_of(char) for char in text}
    if "Thai" in scripts:
        return "th"
    if scripts & {"Hira", "Kana"}:
        return "ja"
    return "zh" if "Hani" in scripts and language not in {"ja", "ko"} else language


def words_of(text: str, language: str = "") -> list[str]:
    """The words of a text with the space behind each; of Chinese, Japanese and Thai, its phrases."""
    words = [""]
    for piece in pieces_of(text, language):
        words[-1] += piece.text
        if piece.cost < _COST_INSIDE_A_WORD / 2:
            words.append("")
    return [word for word in words if word]


def balanced_lines(
    pieces: Sequence[Piece], measure: Callable[[str], float], longest: float, count: int
) -> list[str] | None:
    """Sets `pieces` in exactly `count` lines none of which is wider than `longest`, as evenly as can be.

    `measure` gives the width of a text in the unit of `longest`. None where it does not fit, or cannot be cut so often.
    """
    if count > len(pieces):
        return None
    inner = [measure(piece.text) for piece in pieces]
    last = [measure(piece.at_end) for piece in pieces]
    target = (sum(inner[:-1]) + last[-1]) / count
    # best[k][i]: cost of setting the first i pieces in k lines, and where the last of them begins.
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for k in range(1, count + 1):
        row: dict[int, tuple[float, int]] = {}
        for start, (so_far, _) in best[-1].items():
            width = 0.0
            for end in range(start + 1, len(pieces) + 1):
                if width + last[end - 1] > longest:
                    break
                is_last = end == len(pieces)
                cost = so_far + (width + last[end - 1] - target) ** 2 + (0.0 if is_last else pieces[end - 1].cost)
                if is_last and count > 1 and _is_widow(pieces[start:end]):
                    cost += _COST_OF_A_WIDOW
                if k == count or not is_last:
                    row[end] = min(row.get(end, (float("inf"), 0)), (cost, start))
                width += inner[end - 1]
        best.append(row)
    if len(pieces) not in best[count]:
        return None
    lines: list[str] = []
    end = len(pieces)
    for k in range(count, 0, -1):
        start = best[k][end][1]
        lines.insert(0, _line(pieces[start:end]))
        end = start
    return lines


def characters_that_fit(pieces: Sequence[Piece], measure: Callable[[str], float], longest: float, count: int) -> int:
    """How many characters go into `count` lines no wider than `longest`, filled one after the other."""
    fitted, lines, width = 0, 1, 0.0
    for piece in pieces:
        if width and width + measure(piece.at_end) > longest:
            lines, width = lines + 1, 0.0
        if lines > count:
            return fitted
        if measure(piece.at_end) > longest:
            # A single word that is wider than the box: the part of it that fits.
            return fitted + next(i for i in range(len(piece.text), -1, -1) if measure(piece.text[:i]) <= longest)
        width += measure(piece.text)
        fitted += len(piece.text)
    return fitted


def _line(pieces: Sequence[Piece]) -> str:
    text = "".join(piece.text for piece in pieces[:-1]) + pieces[-1].at_end
    return text.replace(SOFT_HYPHEN, "").strip(" \u3000")


def _tied(text: str, language: str) -> str:
    """Replaces spaces that must not break by no-break ones: French punctuation, units, dashes, words of one letter."""
    tied = list(text)
    for i, char in enumerate(text):
        if char != " " or i == 0 or i + 1 >= len(text):
            continue
        before, after = text[i - 1], text[i + 1]
        word_after = text[i + 1 :].split(" ", 1)[0]
        french = language == "fr" and (after in _FRENCH_PUNCTUATION or before == "«")
        unit = before.isdigit() and len(word_after.strip(".,!?;:)")) <= 2
        dash = after in _DASHES
        short = before.isalpha() and (i == 1 or text[i - 2] in " \u00a0(«“„") and len(text) > 3
        if french or dash or (unit and not word_after.isdigit()) or (short and _is_alphabetic(before)):
            tied[i] = "\u00a0"
    return "".join(tied)


def _is_alphabetic(char: str) -> bool:
    return script_of(char) in {"Latn", "Cyrl", "Grek"}


def _cost_of_break(
    text: str, i: int, allowed: bool, phrase_ends_here: bool, language: str, *, whole: bool
) -> float | None:
    """What it costs to break before `text[i]`; None where that is forbidden. Phrases stay `whole` or may be divided."""
    before, after = text[i - 1], text[i]
    if after == " " or unicodedata.category(after) in {"Mn", "Mc", "Me"} or after in {"\u200c", "\u200d"}:
        return None
    if before in {" ", "\u3000"}:
        clause = i >= 2 and text[i - 2] in ",;:.!?…–—،؛؟।"
        return _GAIN_AT_A_CLAUSE if clause else 0.0
    if language == "th":
        # Thai writes no spaces between words, and Unicode leaves their ends to a model of the language.
        return _COST_BETWEEN_PHRASES if phrase_ends_here and script_of(after) == "Thai" else None
    if not allowed:
        return None
    if before == SOFT_HYPHEN:
        return _COST_OF_A_HYPHEN
    if before in {"-", "/", "—"}:
        return _COST_OF_A_HYPHEN if after.isalpha() and (before != "-" or text[i - 2 : i - 1].isalpha()) else None
    cost = _cost_of_east_asian_break(before, after, phrase_ends_here)
    return None if whole and cost == _COST_INSIDE_A_WORD else cost


def _cost_of_east_asian_break(before: str, after: str, phrase_ends_here: bool) -> float | None:
    if before in _NOT_AT_END or after in _NOT_AT_START or "\u00a0" in (before, after):
        return None
    scripts = script_of(before), script_of(after)
    if before in _CLAUSE_ENDS:
        return _GAIN_AT_A_CLAUSE
    if not _BREAKS_AFTER_EVERY_LETTER & set(scripts):
        return None
    return _COST_BETWEEN_PHRASES if phrase_ends_here else _COST_INSIDE_A_WORD


def _is_widow(pieces: Sequence[Piece]) -> bool:
    """Whether a last line is one short word, or a letter or two of a script without spaces."""
    text = _line(pieces)
    if script_of(text[0]) in _BREAKS_AFTER_EVERY_LETTER:
        return sum(char not in _CLAUSE_ENDS for char in text) <= _WIDOW_LETTERS
    return " " not in text and len(text) <= _WIDOW_WORD
