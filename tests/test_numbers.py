"""Clock numbers and Ad-IDs: their form and length, whose they are, and that none is used twice."""

from __future__ import annotations

from typing import Any

import pytest
from upath import UPath

from forge_resources.briefs.numbers import number_faults
from forge_resources.editing.identifiers import DRAWER, Claim, check_free, check_unused, claim
from forge_resources.editing.profiles import load_profiles
from forge_resources.errors import Conflict, NotFound
from forge_resources.library.loader import load_library
from forge_resources.schemas.brief import Brief
from forge_resources.schemas.cell import CellKey
from forge_resources.store.cabinet import Cabinet
from tests.sample_briefs import SHORT

GOOD = {"market": "en-GB", "persona": "busy-parent", "profile": "uk-hd", "id": "ABC/LUMN001/015"}
CELL = CellKey(brief="aurora", market="en-GB", persona="busy-parent")


def _told(*numbers: dict[str, Any], **changes: Any) -> str:
    fields = {"markets": ["en-GB"], "personas": ["busy-parent"], "delivery": ["web", "uk-hd"], "duration_s": 15}
    brief = Brief.model_validate({**SHORT, **fields, "identifiers": list(numbers), **changes})
    return "\n".join(str(fault) for fault in number_faults(brief, load_library(), load_profiles()))


def test_a_number_for_every_spot_is_right() -> None:
    assert _told(GOOD) == ""
    both = [GOOD, {**GOOD, "persona": "night-owl-student", "id": "ABC/LUMN002/015"}]
    assert _told(*both, personas=["busy-parent", "night-owl-student"]) == ""


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([], "uk-hd needs an identifier (Clock number) for en-GB × busy-parent, such as ABC/LUMN001/015"),
        ([{**GOOD, "id": "LUMN001"}], "identifiers[0].id: `LUMN001` is no Clock number"),
        ([{**GOOD, "id": "ABC/LUMN001/030"}], "says 30 seconds; the spot has 15"),
        ([{**GOOD, "profile": "web"}], "web takes no number"),
        ([{**GOOD, "profile": "us-hd"}], "us-hd is not delivered for en-GB"),
        ([{**GOOD, "market": "de-DE"}], "de-DE is not among the brief's markets"),
        ([{**GOOD, "persona": "night-owl-student"}], "night-owl-student is not among the brief's personas"),
        ([GOOD, GOOD], "is the number of identifiers[0] already"),
    ],
)
def test_a_wrong_number_is_told_with_its_place(numbers: list[dict[str, Any]], told: str) -> None:
    assert told in _told(*numbers)


def test_a_number_of_a_market_does_not_stand_for_two_spots() -> None:
    told = _told({**GOOD, "persona": None}, personas=["busy-parent", "night-owl-student"])
    assert "must name one of the personas" in told


def _claim(number: str = "ABC/LUMN001/015", content: str = "a", cell: CellKey = CELL) -> Claim:
    return Claim(identifier=number, cell=cell, profile="uk-hd", content=content * 64)


def test_a_number_used_before_is_refused(tmp_path: Any) -> None:
    cabinet = Cabinet(UPath(tmp_path))
    claim(cabinet, _claim())
    claim(cabinet, _claim())
    other = CELL.model_copy(update={"persona": "night-owl-student"})
    with pytest.raises(Conflict, match=r"used before, for the uk-hd spot of aurora for en-GB × busy-parent"):
        claim(cabinet, _claim(cell=other))
    with pytest.raises(Conflict, match="used before, for the uk-hd spot of aurora"):
        check_free(cabinet, "ABC/LUMN001/015", other, "uk-hd")
    # Whether this spot has changed is known once it is made.
    check_free(cabinet, "ABC/LUMN001/015", CELL, "uk-hd")
    with pytest.raises(Conflict, match="earlier state of this spot"):
        claim(cabinet, _claim(content="b"))
    claim(cabinet, _claim("ABC/LUMN002/015", "b"))


def test_a_damaged_entry_is_no_free_number(tmp_path: Any) -> None:
    cabinet = Cabinet(UPath(tmp_path))
    claim(cabinet, _claim())
    place = next(UPath(tmp_path, DRAWER).iterdir())
    place.write_text(place.read_text().replace("uk-hd", "us-hd"))
    with pytest.raises(NotFound, match="damaged"):
        check_unused(cabinet, _claim("ABC/LUMN001/015"))
