"""The board: what producers see and do, and what nobody else can do there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from starlette.testclient import TestClient

from forge_assets.external import observed_version, storyboard_approval
from forge_jobs.approving import record_approval
from forge_jobs.board.app import BoardApp, BoardSettings
from forge_jobs.board.guards import LARGEST_FORM
from forge_jobs.board.shelf import BoardShelf
from forge_jobs.in_process import run_job
from forge_jobs.instance import open_instance
from forge_resources.errors import Conflict, InvalidInput
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.storyboard import Frames
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from tests.sample_briefs import SHORT
from tests.test_metrics import CELL, file_brief

PLACE = f"/briefs/{CELL.path}"
ORIGIN = {"Origin": "http://localhost"}


class Producer(TestClient):
    """A browser on the board of a deployment."""

    def __init__(self, instance: dg.DagsterInstance, studio: Studio, **settings: Any) -> None:
        self.instance, self.studio = instance, studio
        app = BoardApp(BoardShelf(instance, studio), BoardSettings(**settings)).app
        super().__init__(app, base_url="http://localhost", follow_redirects=False, raise_server_exceptions=False)

    @property
    def sheet(self) -> str:
        return self.studio.cabinet.read("frames", CELL.path, Frames).contact_sheet.sha256

    @property
    def approval(self) -> str | None:
        return observed_version(self.instance, storyboard_approval, CELL.partition_key)

    def approve(self, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        """Posts the form of the cell's page, with some fields changed."""
        data = {"sheet": self.sheet, "name": "Kim", "note": "Warm, please.", **fields}
        return self.post(f"{PLACE}/approval", data=data, headers=ORIGIN if headers is None else headers)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dg.DagsterInstance, Studio]]:
    """A deployment with one cell whose storyboard waits. Tests that approve it use a brief of their own."""
    folder = tmp_path_factory.mktemp("board")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("FORGE_HOME", "home"), ("FORGE_INBOX", "inbox"), ("DAGSTER_HOME", "home")):
            patch.setenv(name, str(folder / value))
        patch.delenv("FORGE_STORE", raising=False)
        (folder / "inbox").mkdir()
        studio = Studio(Settings.from_environment())
        with open_instance(studio.settings) as instance:
            file_brief(instance, studio, markets=["en-GB"], approval="required", message="Let <b>the day</b> go.")
            _, success = run_job(instance, "storyboard", CELL, reuse=True, tags={})
            assert success
            yield instance, studio


@pytest.fixture
def producer(drawn: tuple[dg.DagsterInstance, Studio]) -> Producer:
    return Producer(*drawn)


def test_a_board_without_briefs(instance: dg.DagsterInstance, studio: Studio) -> None:
    answer = Producer(instance, studio).get("/")
    assert answer.status_code == 200
    assert "No brief has been filed yet" in answer.text


def test_from_the_list_to_the_sheet(producer: Producer) -> None:
    briefs = producer.get("/").text
    assert '<a href="/briefs/night-tea">' in briefs
    assert "awaiting approval" in briefs
    assert "Let &lt;b&gt;the day&lt;/b&gt; go." in briefs
    assert f'href="{PLACE}"' in producer.get("/briefs/night-tea").text
    page = producer.get(PLACE).text
    assert f'src="{PLACE}/sheet.png?v={producer.sheet}"' in page
    assert "Approve this storyboard" in page
    sheet = producer.get(f"{PLACE}/sheet.png?v={producer.sheet}")
    assert sheet.headers["content-type"] == "image/png"
    assert sheet.content.startswith(b"\x89PNG")
    assert "immutable" in sheet.headers["cache-control"]
    assert producer.get(f"{PLACE}/sheet.png").headers["cache-control"] == "no-store"
    assert producer.get(f"{PLACE}/sheet.png?v={'0' * 64}").status_code == 404


def test_every_answer_tells_the_browser_to_load_nothing_from_elsewhere(producer: Producer) -> None:
    for place in ("/", PLACE, "/static/board.css", "/nowhere", f"{PLACE}/sheet.png"):
        headers = producer.get(place).headers
        assert "default-src 'none'" in headers["content-security-policy"], place
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:81"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"},
        {"Referer": "http://localhost/"},
    ],
)
def test_what_another_site_posts_is_refused(producer: Producer, headers: dict[str, str]) -> None:
    assert producer.approve(headers).status_code == 403
    assert producer.approval is None


def test_only_its_own_names_are_answered(producer: Producer) -> None:
    assert producer.get("/", headers={"Host": "evil.example"}).status_code == 421
    assert producer.get("/", headers={"Host": "localhost:3100"}).status_code == 200
    assert producer.get("/healthz", headers={"Host": "10.0.0.7:3100"}).text == "ok\n"
    assert producer.get("/readyz", headers={"Host": "10.0.0.7:3100"}).json() == {"ready": True, "trouble": ""}


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"name": "  "}, 400, "name: is missing"),
        ({"name": "K" * 201}, 400, "name: has 201 characters; 200 are allowed"),
        ({"note": "n" * 2001}, 400, "note: has 2001 characters"),
        ({"name": "Kim\x00"}, 400, "name: has control characters"),
        ({"sheet": "0" * 64}, 409, "has changed since it was shown"),
        ({"sheet": ""}, 409, "has changed since it was shown"),
    ],
)
def test_an_approval_that_cannot_be_kept(producer: Producer, fields: dict[str, str], status: int, said: str) -> None:
    answer = producer.approve(**fields)
    assert answer.status_code == status
    assert said in answer.text
    assert 'role="alert"' in answer.text
    if "note" not in fields:
        assert "Warm, please." in answer.text  # What was typed is not lost.
    assert producer.approval is None


def test_bodies_that_are_no_form(producer: Producer) -> None:
    place = f"{PLACE}/approval"
    assert producer.post(place, json={"name": "Kim"}, headers=ORIGIN).status_code == 400
    assert producer.post(place, data={"note": "n" * (LARGEST_FORM + 1)}, headers=ORIGIN).status_code == 400
    form = {**ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"name=%ff", b"name=\xff", b"&".join(b"a=%d" % n for n in range(50))):
        assert producer.post(place, content=body, headers=form).status_code == 400
    assert producer.get(place).status_code == 405
    assert producer.approval is None


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/secrets", "/etc/passwd",
        "....//....//etc/passwd", "night-tea.mp4%00.png", "..\\..\\x", "file:///etc/passwd", "s3://bucket/x",
    ],
)  # fmt: skip
def test_only_what_was_delivered_is_handed_out(producer: Producer, name: str) -> None:
    assert producer.get(f"{PLACE}/files/{name}").status_code == 404


@pytest.mark.parametrize(
    "place",
    [
        "/briefs/none", "/briefs/%2e%2e%2fmanifest", "/briefs/night-tea/de-DE/busy-parent",
        "/briefs/night-tea/en-GB/nobody/sheet.png", "/briefs/..%2f..%2fx/en-GB/busy-parent/sheet.png",
        "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py",
    ],
)  # fmt: skip
def test_places_that_do_not_exist(producer: Producer, place: str) -> None:
    answer = producer.get(place)
    assert answer.status_code in (400, 404)
    assert "Traceback" not in answer.text
    assert "import" not in answer.text


def test_the_person_is_whom_the_proxy_names_where_it_is_trusted_to(drawn: tuple[dg.DagsterInstance, Studio]) -> None:
    trusting = Producer(*drawn, user_header="X-Forwarded-User")
    assert 'value="dana" readonly' in trusting.get(PLACE, headers={"X-Forwarded-User": "dana"}).text
    assert "dana" not in Producer(*drawn).get(PLACE, headers={"X-Forwarded-User": "dana"}).text


def test_behind_a_proxy_its_address_counts(drawn: tuple[dg.DagsterInstance, Studio]) -> None:
    shown = Producer(*drawn, origins=("https://forge.example.com",), hosts=("board",))
    headers = {"Host": "board:3100", "Origin": "https://forge.example.com"}
    assert shown.approve(headers, name=" ").status_code == 400  # Past the guard, as far as the missing name.
    assert shown.approve({**headers, "Origin": "https://forge.example.org"}).status_code == 403


def test_approval_and_deliverables(instance: dg.DagsterInstance, studio: Studio) -> None:
    file_brief(instance, studio, markets=["en-GB"], approval="required")
    producer = Producer(instance, studio, user_header="X-Forwarded-User")
    assert "There is no storyboard yet" in producer.get(PLACE).text
    run_job(instance, "storyboard", CELL, reuse=True, tags={})
    answer = producer.approve({**ORIGIN, "X-Forwarded-User": "dana"}, name="Somebody else")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PLACE}?approved")
    assert producer.approval == producer.sheet
    after = producer.get(answer.headers["location"]).text
    assert "The rest of this cell is made next" in after
    assert "<strong>dana</strong>" in after
    assert "Warm, please." in after
    assert "Approve this storyboard" not in after
    assert producer.approve().status_code == 303  # A second press of the button changes nothing.
    assert not record_approval(instance, studio, CELL, by="Kim", note="")

    run_job(instance, "finish", CELL, reuse=True, tags={})
    page = producer.get(PLACE)
    assert "delivered" in page.text
    name = f"{CELL.brief}_{CELL.market}_{CELL.persona}_{SHORT['delivery'][0]}"
    spot = producer.get(f"{PLACE}/files/{name}.mp4", headers={"Range": "bytes=0-99"})
    assert (spot.status_code, spot.headers["content-type"], len(spot.content)) == (206, "video/mp4", 100)
    timeline = producer.get(f"{PLACE}/files/{name}.otio?download")
    assert timeline.headers["content-disposition"] == f'attachment; filename="{name}.otio"'
    assert producer.get(f"{PLACE}/files/{name}.vtt").text.startswith("WEBVTT")
    Path(studio.settings.store.path, "deliverables", *CELL.path.split("/"), f"{name}.otio").unlink()
    assert producer.get(f"{PLACE}/files/{name}.otio").status_code == 404


def test_an_approval_of_what_is_not_there(instance: dg.DagsterInstance, studio: Studio) -> None:
    file_brief(instance, studio, markets=["en-GB"])
    producer = Producer(instance, studio)
    answer = producer.post(f"{PLACE}/approval", data={"name": "Kim", "sheet": "0" * 64}, headers=ORIGIN)
    assert answer.status_code == 400
    assert "does not ask for approval" in answer.text


def test_why_a_cell_stopped_is_said(instance: dg.DagsterInstance, studio: Studio) -> None:
    file_brief(instance, studio, markets=["en-GB"], copy=None, language="fr")
    run_job(instance, "produce", CELL, reuse=True, tags={})
    page = Producer(instance, studio).get(PLACE).text
    assert "Why it stopped" in page
    assert "copy_in_language: copy.en.message: is missing" in page


def test_a_database_that_cannot_be_read_is_not_ready(studio: Studio, instance: dg.DagsterInstance) -> None:
    file_brief(instance, studio)
    producer = Producer(instance, studio)
    assert producer.get("/readyz").status_code == 200
    database = studio.settings.home / "history" / "runs.db"
    whole = database.read_bytes()
    database.write_bytes(b"nonsense" * 4096)
    answer = producer.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert producer.get("/healthz").status_code == 200
    page = producer.get("/")
    assert page.status_code in (200, 500)
    assert "Traceback" not in page.text
    database.write_bytes(whole)
    assert producer.get("/readyz").status_code == 200


def test_names_and_sheets_are_looked_at_before_anything_is_kept(drawn: tuple[dg.DagsterInstance, Studio]) -> None:
    instance, studio = drawn
    with pytest.raises(InvalidInput):
        record_approval(instance, studio, CELL, by="", note="")
    with pytest.raises(Conflict):
        record_approval(instance, studio, CELL, by="Kim", note="", seen="f" * 64)
    assert observed_version(instance, storyboard_approval, CELL.partition_key) is None
    assert CellKey.parse(CELL.partition_key) == CELL
