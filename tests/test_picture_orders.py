"""The key `pictures`: faults with places, looks, and a whole run with a diffusion model, takes and a choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from upath import UPath

from forge_jobs.command import main
from forge_resources.briefs.check import check_file
from forge_resources.editing.profiles import load_profiles
from forge_resources.errors import InvalidInput
from forge_resources.gpu.residence import process_cache
from forge_resources.imaging.looks import load_looks
from forge_resources.imaging.storyboard import compose_storyboard
from forge_resources.library.loader import load_library
from forge_resources.schemas.pictures import Character, Look, LookPart, PictureSettings, ResolvedPictures
from forge_resources.schemas.storyboard import Frames, Storyboard
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from tests import cells, model_shelf
from tests.sample_briefs import ORIGIN, write_brief


def faults(folder: Path, **changes: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        check_file(UPath(write_brief(folder, **changes)), load_library(), load_profiles())
    return [str(fault) for fault in refused.value.faults]


def test_what_an_engine_does_not_take_is_named(tmp_path: Path) -> None:
    told = faults(tmp_path, pictures={"model": "sdxl-base", "look": "warm-film", "takes": 2})
    assert sorted(told) == [
        "pictures.look: the image engine sketch does not take it; leave it out",
        "pictures.model: the image engine sketch does not take it; leave it out",
    ]


def test_what_a_model_does_not_take_is_named_with_its_place(tmp_path: Path) -> None:
    shots = [{"shot": 1, "mask": "gone.png"}, {"shot": 9}]
    pictures = {
        "model": "flux-1-schnell", "guidance": 3, "negative_prompt": "rain", "steps": 50, "look": "warm-flim",
        "loras": [{"name": "nothing-such"}], "shots": shots, "choose": [{"shot": 1, "take": 2, "market": "fr-FR"}],
    }  # fmt: skip
    told = faults(tmp_path, engines={"image": "diffusers"}, origin=ORIGIN, pictures=pictures)
    assert {fault.split(": ")[0] for fault in told} == {
        "pictures.guidance", "pictures.negative_prompt", "pictures.steps", "pictures.look", "pictures.loras[0].name",
        "pictures.shots[0].mask", "pictures.shots[1].shot", "pictures.choose[0].take", "pictures.choose[0].market",
    }  # fmt: skip
    assert "pictures.look: unknown look `warm-flim`; known: warm-film" in told


def test_a_model_is_wanted_and_its_name_helped_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORGE_PICTURES_MODEL", raising=False)
    (told,) = faults(tmp_path, engines={"image": "diffusers"}, pictures={"takes": 2})
    assert told.startswith("pictures.model: is required")
    (told,) = faults(tmp_path, engines={"image": "diffusers"}, pictures={"model": "sdxl-bse"})
    assert "Did you mean sdxl-base" in told


def test_looks_are_read_with_every_fault(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        yaml.safe_dump(
            {
                "mine": {
                    "name": "Mine", "style": "plain", "locations": {"attic": {"description": "An attic."}},
                    "characters": {"ana": {"role": "queen", "description": "Ana.", "references": ["ana.png"]}},
                },
                "other": {"name": "Other"},
            }
        )
    )  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        load_looks(tmp_path)
    assert {fault.place for fault in refused.value.faults} >= {"mine.yaml: other.style"}
    (tmp_path / "mine.yaml").write_text(
        yaml.safe_dump({"mine": {"name": "M", "style": "plain", "locations": {"attic": {"description": "An attic."}}}})
    )
    with pytest.raises(InvalidInput) as refused:
        load_looks(tmp_path)
    assert [fault.place for fault in refused.value.faults] == ["mine.yaml: mine.locations.attic"]


LOOK = Look(
    name="Home",
    style="35mm film",
    product=LookPart(description="a round lamp of frosted glass", references=["p.png"]),
    characters={
        "ana": Character(role="parent", description="Ana, dark hair", references=["ana.png"], personas=["busy-parent"]),
        "any": Character(role="parent", description="a parent with grey hair"),
    },
    locations={"kitchen": LookPart(description="a narrow kitchen with green tiles", references=["kitchen.png"])},
)


def board(market: str, persona: str) -> Storyboard:
    brief = cells.cell_brief(market, persona)
    order = ResolvedPictures(model="tiny-sd1", look="home", look_entry=LOOK)
    engines = brief.market_brief.engines.model_copy(update={"image": "diffusers"})
    filed = brief.market_brief.model_copy(update={"pictures": order, "engines": engines})
    rows = [
        {"visual": "A parent yawns in the kitchen.", "scope": "brief"},
        {"visual": "The parent drinks from a mug in the kitchen.", "scope": "persona"},
        {"visual": "The city street at dawn.", "scope": "market"},
        {"visual": "The Aurora Lamp in a studio.", "scope": "brief", "beat": "product"},
    ]
    return compose_storyboard(cells.script(*rows), brief.model_copy(update={"market_brief": filed}))


def test_shots_that_are_equal_for_several_cells_have_equal_directions() -> None:
    german, japanese = board("de-DE", "busy-parent"), board("ja-JP", "busy-parent")
    student = board("de-DE", "night-owl-student")
    looks = [[shot.look for shot in one.shots] for one in (german, japanese, student)]
    assert looks[0][0] == looks[1][0] == looks[2][0]
    assert looks[0][3] == looks[1][3] == looks[2][3]
    assert looks[0][1] == looks[1][1] != looks[2][1]
    assert looks[0][2] == looks[2][2] != looks[1][2]


def test_a_shot_gets_what_of_a_look_concerns_it() -> None:
    shared, persona, street, product = (shot.look.direction for shot in board("de-DE", "busy-parent").shots)
    assert shared is not None
    assert persona is not None
    assert street is not None
    assert product is not None
    assert shared.people == ["a parent with grey hair"], "a shot of all cells shows nobody of one persona"
    assert persona.people == ["Ana, dark hair"]
    assert persona.place == shared.place == "a narrow kitchen with green tiles"
    assert [(one.role, one.picture) for one in persona.references][-2:] == [
        ("character", "ana.png"), ("location", "kitchen.png"),
    ]  # fmt: skip
    assert (street.people, street.references) == ([], [])
    assert [one.picture for one in product.references] == ["p.png"]
    assert {one.style for one in (shared, persona, street, product)} == {"35mm film"}
    assert product.product == "a round lamp of frosted glass"


def test_engines_that_are_not_directed_have_looks_as_before() -> None:
    plain = compose_storyboard(cells.script({"visual": "A parent yawns."}), cells.cell_brief())
    assert plain.shots[0].look.direction is None
    assert "direction" not in plain.shots[0].look.model_dump()
    assert PictureSettings().model_dump(exclude_none=True) == {"loras": []}


def run(brief: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, Any]]:
    monkeypatch.setattr("sys.argv", ["forge", "run", str(brief), "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0), json.loads(capfd.readouterr().out)


def test_a_spot_is_painted_with_takes_and_a_persons_choice(
    deployment: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in model_shelf.environment(model_shelf.tiny_home()).items():
        monkeypatch.setenv(name, value)
    # Random weights paint nothing that the gate would take for a picture of a lamp.
    monkeypatch.setattr("forge_assets.gates.check_plates", lambda *_: [])
    monkeypatch.setattr("forge_assets.gates.painted_findings", lambda *_: [])
    brief: dict[str, Any] = {"engines": {"image": "diffusers"}, "origin": ORIGIN, "markets": ["en-GB"], "copy": None}
    order = {"model": "tiny-sd1", "look": "warm-film", "takes": 2}
    brief["approval"] = "required"
    status, told = run(write_brief(tmp_path, pictures=order, **brief), capfd, monkeypatch)
    assert (status, told["cells"][0]["status"]) == (3, "awaiting_approval"), told
    frames = Studio(Settings.from_environment()).cabinet.read("frames", "night-tea/en-GB/busy-parent", Frames)
    assert [len(plate.takes) for plate in frames.plates] == [2, 2]
    first = frames.plates[0]
    assert first.active == max(first.takes, key=lambda take: take.score).take
    assert first.picture == first.takes[first.active - 1].picture
    assert first.picture.tier == "full"
    other = 3 - first.active
    chosen = {**order, "choose": [{"shot": 1, "take": other}]}
    status, told = run(write_brief(tmp_path, pictures=chosen, **brief), capfd, monkeypatch)
    assert (status, told["plates"]["rendered"]) == (3, 0), told
    again = Studio(Settings.from_environment()).cabinet.read("frames", "night-tea/en-GB/busy-parent", Frames)
    assert (again.plates[0].active, again.plates[0].chosen) == (other, True)
    assert again.plates[0].picture == first.takes[other - 1].picture
    process_cache().clear()


def test_a_missing_model_says_which_command_fetches_it(
    deployment: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGE_MODELS", str(tmp_path / "none"))
    brief = write_brief(
        tmp_path, engines={"image": "diffusers"}, markets=["en-GB"], copy=None, pictures={"model": "z-image-turbo"}
    )
    status, told = run(brief, capfd, monkeypatch)
    (cell,) = told["cells"]
    assert (status, cell["status"]) == (1, "failed")
    assert "forge models download z-image-turbo" in cell["error"]


def test_a_picture_beside_the_brief_is_started_from(tmp_path: Path) -> None:
    random = np.random.default_rng(1).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    Image.fromarray(random).save(tmp_path / "start.png")
    shots = [{"shot": 1, "start": "start.png", "strength": 0.5}, {"shot": 2, "start": "none.png"}]
    told = faults(
        tmp_path, engines={"image": "diffusers"}, origin=ORIGIN, pictures={"model": "sdxl-base", "shots": shots}
    )
    assert told == ["pictures.shots[1].start: `none.png` does not exist beside the brief"]
