"""The phrase banks of the draft writer: as many lines in every language, short, without numbers, polite where asked."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forge_resources.library.loader import load_library
from forge_resources.writing.phrases import Phrase, PhraseBank, bank_languages, load_bank, says_forbidden


def phrases_of(bank: PhraseBank) -> list[Phrase]:
    groups = [bank.product, *bank.hook.values(), *bank.tension.values(), *bank.wish.values()]
    return [phrase for group in groups for phrases in group.values() for phrase in phrases]


@pytest.mark.parametrize("language", bank_languages())
def test_a_bank_has_as_many_lines_everywhere_as_the_english_one(language: str) -> None:
    def shape(bank: PhraseBank) -> Any:
        return {
            kind: {key: {register: len(lines) for register, lines in group.items()} for key, group in entries.items()}
            for kind, entries in (("hook", bank.hook), ("tension", bank.tension), ("wish", bank.wish))
        } | {"product": {register: len(lines) for register, lines in bank.product.items()}}

    assert shape(load_bank(language)) == shape(load_bank("en"))


@pytest.mark.parametrize("language", bank_languages())
def test_bank_lines_are_short_differ_and_hold_no_number(language: str) -> None:
    bank = load_bank(language)
    assert bank.language == language
    everyday = [phrase for phrase in phrases_of(bank) if "{" not in phrase.say]
    assert len(everyday) == len({phrase.say for phrase in everyday}) == len(phrases_of(bank)) - 8
    for phrase in phrases_of(bank):
        assert not re.search(r"\d", phrase.say + (phrase.formal or "") + phrase.gloss), phrase.say
        assert len(phrase.say) <= 60, phrase.say


@pytest.mark.parametrize("language", sorted(set(bank_languages()) - {"en", "pt"}))
def test_languages_that_tell_formal_from_informal_do_so(language: str) -> None:
    # English and Brazilian Portuguese advertising know one `you`.
    assert sum(phrase.formal is not None for phrase in phrases_of(load_bank(language))) >= 10


def test_the_languages_of_the_library_have_banks() -> None:
    assert {market.language for market in load_library().markets.values()} <= set(bank_languages())


def test_every_product_line_names_the_product() -> None:
    for language in bank_languages():
        for phrases in load_bank(language).product.values():
            assert all("{product}" in phrase.say for phrase in phrases)


def test_forbidden_words_are_found_whole_and_inflected_but_not_inside_words() -> None:
    assert says_forbidden("Garantiertes Glück.", ["garantiert"])
    assert says_forbidden("The CHEAPEST way", ["cheap"])
    assert says_forbidden("也睡得好", ["睡得"])
    assert not says_forbidden("Unendlich", ["endlich"])
