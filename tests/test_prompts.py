"""Prompts: made of the vocabulary, equal for equal looks, without the product's name or words that ask for text."""

from __future__ import annotations

from typing import Any

from forge_resources.imaging.looks import load_looks
from forge_resources.imaging.prompts import colour_name, compose_prompt, prompt_phrases
from forge_resources.schemas.pictures import Direction, PictureSettings
from forge_resources.schemas.storyboard import ShotLook


def look(**more: Any) -> ShotLook:
    return ShotLook.model_validate(
        {
            "description": "A parent reaches for the Aurora Lamp.", "camera": {"size": "close-up", "angle": "low"},
            "setting": "bedroom", "time_of_day": "dawn", "light": "warm-lamp",
            "figures": [{"role": "parent", "pose": "reaches"}, {"role": "child", "pose": "sleeps"}],
            "product": "placed", "product_shape": "lamp", "product_name": "Aurora Lamp", "props": ["mug", "book"],
            "details": ["window-sash"], "palette": {"primary": "#1f2a44", "accent": "#f2a03d"}, "seed": 1,
            "cast_seed": 5, **more,
        }
    )  # fmt: skip


def direction(**more: Any) -> Direction:
    return Direction(settings=PictureSettings(), product="a round lamp of frosted glass", **more)


def test_everything_of_a_shot_is_in_it() -> None:
    text = compose_prompt(look(), direction(), "sentences").text
    for phrase in (
        "Close-up from a low angle.", "A parent reaches for the lamp.", "frosted glass clearly visible",
        "in the late thirties", "reaching out", "child of about eight", "asleep", "In a bedroom, at dawn.",
        "Warm lamp light.", "a mug and a book with a plain cover", "Sash windows.", "85mm lens", "navy and orange",
        "commercial photography",
    ):  # fmt: skip
        assert phrase in text, (phrase, text)
    tags = compose_prompt(look(), direction(), "tags").text
    assert tags.startswith("close-up from a low angle, A parent reaches for the lamp, ")


def test_the_products_name_never_gets_in() -> None:
    visuals = ("The Aurora Lamp alone.", "AURORA LAMP on a table.", 'A box that says "Aurora Lamp".', "aurora lamp")
    for visual in visuals:
        prompt = compose_prompt(look(description=visual), direction(), "tags")
        assert "aurora" not in prompt.text.lower()
        assert '"' not in prompt.text
        assert prompt.negative.startswith("text, letters")


def test_a_person_looks_the_same_in_every_shot_of_a_cast() -> None:
    def person(**more: Any) -> str:
        clauses = compose_prompt(look(**more), direction(), "tags").clauses
        return next(clause for clause in clauses if "late thirties" in clause).rpartition(",")[0]

    other = [{"role": "parent", "pose": "sits"}]
    assert person() == person(seed=99, figures=other, setting="street", time_of_day="night")
    assert len({person(cast_seed=seed) for seed in range(12)}) > 6


def test_a_look_and_its_people_take_the_place_of_what_is_drawn() -> None:
    film = load_looks()["warm-film"].look
    told = direction(
        style=film.style, negative=film.negative, people=["Ana, short dark hair, a mustard cardigan", None],
        place="an attic room with a slanted roof", lens="40mm lens",
    )  # fmt: skip
    prompt = compose_prompt(look(), told, "tags")
    assert "Ana, short dark hair, a mustard cardigan, reaching out" in prompt.clauses
    assert "in a bedroom, at dawn, an attic room with a slanted roof" in prompt.clauses
    assert "40mm lens" in prompt.clauses
    assert "35mm colour film" in prompt.text
    assert "cartoon" in prompt.negative


def test_colours_have_names() -> None:
    assert [colour_name(colour) for colour in ("#1f2a44", "#ffffff", "#f2903a", "#0a0a0a")] == [
        "navy", "white", "orange", "black",
    ]  # fmt: skip


def test_phrases_are_short_and_say_nothing_twice() -> None:
    phrases = prompt_phrases()
    for group in (phrases.settings, phrases.lights, phrases.props, phrases.details):
        assert len(set(group.values())) == len(group)
        assert all(len(phrase) < 60 for phrase in group.values())
