"""The chat engines against a server that speaks their protocols: papers, faults, repeats, limits, keys, settings."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from upath import UPath

from forge_resources.engines.contract import TextEngine
from forge_resources.engines.registry import engine
from forge_resources.errors import EngineFailed, ForgeError, InvalidInput, NotFound, TimedOut, Unavailable
from forge_resources.schemas.brief import CellBrief, Engines
from forge_resources.schemas.script import Concept, Culture
from forge_resources.schemas.writing import WritingChoice
from forge_resources.store.artefacts import ArtefactStore
from forge_resources.store.workshop import Workshop
from forge_resources.writing.chat.engines import bare_address
from forge_resources.writing.chat.faults import retry_after
from forge_resources.writing.chat.settings import load_settings, resolve
from forge_resources.writing.papers import write_paper
from tests import writers
from tests.chat_server import Answer, ChatServer, Said
from tests.test_script_table import cell_for

KEY = "sk-very-secret-0123456789"
BOTH = pytest.mark.parametrize("which", ["openai", "anthropic"])
GOOD = Answer(json.dumps(writers.concept()))
GERMAN = json.dumps(
    writers.concept()
    | {
        "core_message": "Licht weckt dich, bevor der Lärm es tut.",
        "beats": ["Ein dunkler Morgen.", "Die Lampe leuchtet.", "Die Zuschauerin probiert sie aus."],
        "must_stay": ["Die Namen Aurora Lamp und Lumen."],
        "may_change": ["Räume und Menschen."],
        "brand_voice": ["ruhig"],
    }
)


def a_cell(which: str = "openai", market: str = "de-DE", **choice: Any) -> CellBrief:
    """A cell of the lamp's brief whose texts an engine of this kind writes, quick to give up."""
    cell = cell_for({"market": market})
    engines = Engines(text=which, image="sketch", voice="espeak", motion="still")
    writing = WritingChoice.model_validate({"model": "m", "timeout_s": 30, "patience_s": 40, **choice})
    return cell.model_copy(
        update={"market_brief": cell.market_brief.model_copy(update={"engines": engines, "writing": writing})}
    )


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Said], Answer]) -> Iterator[ChatServer]:
    with ChatServer(answer).running() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.port}/v1")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{server.port}")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        yield server


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop, and settings that wait a hundredth of the usual."""
    quick = tmp_path / "writing.yaml"
    quick.write_text(yaml.safe_dump({"first_wait_s": 0.02, "longest_wait_s": 0.1, "repeats": 3}))
    monkeypatch.setenv("FORGE_WRITING", str(quick))
    return Workshop(ArtefactStore(UPath(tmp_path / "store"), tmp_path / "cache"))


def one_after_another(*answers: Answer) -> Callable[[Said], Answer]:
    """The answers in order; the last one for ever."""
    left = list(answers)
    lock = threading.Lock()

    def answer(_: Said) -> Answer:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return answer


def failure(shop: Workshop, cell: CellBrief) -> ForgeError:
    with pytest.raises(ForgeError) as caught:
        write_paper(shop, cell, "concept", Concept)
    assert KEY not in str(caught.value)
    assert not list(Path(str(shop.store.root)).glob("recipes/*/*.json"))
    return caught.value


# --- papers


@BOTH
def test_papers_are_written_and_found_again(which: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, lambda said: Answer(writers.paper(said.schema, said.texts))) as server:
        concept, tally = write_paper(shop, a_cell(which), "concept", Concept)
        culture, _ = write_paper(shop, a_cell(which), "culture", Culture, concept)
        assert (concept.tier, culture.tier) == ("full", "full")
        assert concept.beats == writers.concept()["beats"]
        facts = tally.made_facts[0]
        assert (facts["calls"], facts["input_tokens"], facts["output_tokens"]) == (1, 100, 50)
        asked = len(server.requests)
        assert write_paper(shop, a_cell(which), "concept", Concept)[1].reused == 1
        assert len(server.requests) == asked == 2


def test_settings_reach_the_server(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, lambda _: GOOD) as server:
        write_paper(shop, a_cell("openai", temperature=0.25, max_tokens=321), "concept", Concept)
        write_paper(shop, a_cell("anthropic", temperature=None, max_tokens=321), "concept", Concept)
    openai, anthropic = (said.body for said in server.requests)
    assert (openai["model"], openai["temperature"], openai["max_tokens"]) == ("m", 0.25, 321)
    assert openai["stream"]
    assert (anthropic["model"], anthropic["max_tokens"]) == ("m", 321)
    assert "temperature" not in anthropic
    assert anthropic["tool_choice"]["name"] == "answer"


def test_a_concept_is_shared_by_a_brief_and_a_culture_by_a_market(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = engine("text", "openai")
    assert isinstance(writer, TextEngine)
    german, british = a_cell(market="de-DE"), a_cell(market="en-GB")
    assert writer.parameters("concept", german) == writer.parameters("concept", british)
    concept = Concept(**writers.concept(), tier="full")
    assert writer.parameters("culture", german, concept) != writer.parameters("culture", british, concept)


# --- what servers do


@BOTH
@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_passing_faults_are_repeated(which: str, status: int, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, one_after_another(Answer("busy", status), Answer("busy", status), GOOD)) as server:
        _, tally = write_paper(shop, a_cell(which), "concept", Concept)
        assert len(server.requests) == tally.made_facts[0]["calls"] == 3
        assert tally.made_facts[0]["waited_s"] > 0


@BOTH
def test_faults_told_within_a_reply_are_repeated_where_they_may_pass(
    which: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = [Answer(GOOD.text, breaks=kind) for kind in ("overloaded_error", "rate_limit_error", "something_new")]
    with served(monkeypatch, one_after_another(*busy, GOOD)) as server:
        write_paper(shop, a_cell(which), "concept", Concept)
        assert len(server.requests) == 4
    with served(monkeypatch, lambda _: Answer(GOOD.text, breaks="authentication_error")) as server:
        with pytest.raises(Unavailable, match="refuses the key"):
            write_paper(shop, a_cell(which, max_tokens=99), "concept", Concept)
        assert len(server.requests) == 1


@BOTH
def test_a_call_that_is_given_up_leaves_those_after_it_alone(
    which: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(monkeypatch, one_after_another(Answer(GOOD.text, stall_after=40), GOOD)) as server:
        write_paper(shop, a_cell(which, timeout_s=1.0), "concept", Concept)
        assert len(server.requests) > 1


@pytest.mark.parametrize("how", ["seconds", "milliseconds", "date"])
def test_retry_after_is_obeyed(how: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy_once(said: Said) -> Answer:
        headers = {
            "seconds": {"retry-after": "1"},
            "milliseconds": {"retry-after-ms": "1000"},
            "date": {"retry-after": formatdate(time.time() + 2, usegmt=True)},
        }[how]
        return Answer("busy", 429, headers=headers) if len(server.requests) == 1 else GOOD

    with served(monkeypatch, busy_once) as server:
        write_paper(shop, a_cell(), "concept", Concept)
        first, second = (said.at for said in server.requests)
        # A date has whole seconds.
        assert second - first >= (0.95 if how == "date" else 0.99)


@pytest.mark.parametrize("ahead_s", [-3600, 0, 3600])
def test_a_date_to_wait_for_is_one_of_the_servers_clock(ahead_s: int) -> None:
    there = time.time() + ahead_s
    headers = {"date": formatdate(there, usegmt=True), "retry-after": formatdate(there + 2, usegmt=True)}
    busy = OSError("busy")
    busy.response = SimpleNamespace(headers=headers)  # type: ignore[attr-defined]
    assert retry_after(busy) == 2


def test_a_server_that_asks_for_more_time_than_there_is_ends_it(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(monkeypatch, lambda _: Answer("busy", 429, headers={"retry-after": "600"})) as server:
        started = time.monotonic()
        error = failure(shop, a_cell())
        assert (error.code, len(server.requests)) == ("unavailable", 1)
        assert time.monotonic() - started < 20


def test_a_server_that_stays_broken_is_told(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, lambda _: Answer("kaputt", 503)) as server:
        error = failure(shop, a_cell())
        assert isinstance(error, Unavailable)
        assert "503" in error.message
        assert len(server.requests) == 4


@BOTH
@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unavailable), (403, Unavailable), (404, NotFound), (400, EngineFailed)]
)
def test_faults_that_stay_are_told_at_once(
    which: str, status: int, kind: type[ForgeError], shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(monkeypatch, lambda _: Answer(f"Incorrect API key provided: {KEY}", status)) as server:
        error = failure(shop, a_cell(which))
        assert isinstance(error, kind)
        assert error.remedy
        assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_told(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, lambda _: GOOD):
        pass
    error = failure(shop, a_cell(patience_s=2))
    assert isinstance(error, Unavailable)
    assert "127.0.0.1" in error.message


@BOTH
@pytest.mark.parametrize("how", [{"delay_s": 30.0}, {"stall_after": 40}, {"drip_s": 0.4}])
def test_a_reply_that_does_not_come_ends_in_time(
    which: str, how: dict[str, Any], shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "x" * 20_000 if "drip_s" in how else GOOD.text
    with served(monkeypatch, lambda _: Answer(text, **how)):
        started = time.monotonic()
        error = failure(shop, a_cell(which, timeout_s=0.8, patience_s=1))
        assert isinstance(error, TimedOut)
        assert time.monotonic() - started < 15


# --- what models do


@BOTH
def test_a_bad_reply_is_asked_for_once_more(which: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, one_after_another(Answer(GOOD.text[:60], finish="length"), GOOD)) as server:
        _, tally = write_paper(shop, a_cell(which), "concept", Concept)
        assert tally.made_facts[0]["calls"] == 2
        assert "cannot be used" in server.requests[1].texts[-1]


@BOTH
@pytest.mark.parametrize(
    ("answer", "said", "calls"),
    [
        (Answer(""), "empty", 2),
        (Answer(GOOD.text[:90]), "no whole JSON", 2),
        (Answer("I would rather write a poem."), "no JSON object", 2),
        (Answer("la la la " * 4000), "repeats itself", 2),
        (Answer("No.", finish="refusal"), "declined", 1),
        (Answer(GERMAN), "is in German", 2),
    ],
)
def test_a_model_that_writes_no_paper_is_told(
    which: str, answer: Answer, said: str, calls: int, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(monkeypatch, lambda _: answer) as server:
        error = failure(shop, a_cell(which))
        assert isinstance(error, EngineFailed)
        assert said in error.message
        assert error.remedy
        assert len(server.requests) == calls


@BOTH
def test_a_long_reply_in_small_parts_is_put_together_at_once(
    which: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = json.dumps(
        writers.concept() | {"must_stay": [f"{number:04d} " + "stays as it is. " * 20 for number in range(12)]}
    )
    monkeypatch.setattr("tests.chat_server.PIECE", 3)
    with served(monkeypatch, lambda _: Answer(long)):
        started = time.process_time()
        write_paper(shop, a_cell(which), "concept", Concept)
        assert time.process_time() - started < 20


@BOTH
def test_ten_megabytes_are_not_read_to_their_end(which: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz ", k=100_000)) * 100
    monkeypatch.setattr("tests.chat_server.PIECE", 20_000)
    # As text: LangChain tries to mend every part of a tool's arguments, which takes longer than the limit here.
    with served(monkeypatch, lambda _: Answer(noise)):
        started = time.monotonic()
        error = failure(shop, a_cell(which, timeout_s=30, patience_s=60, structured="none"))
        assert "more than 1,000,000" in error.message
        assert time.monotonic() - started < 60


def test_something_that_is_no_protocol_is_told(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, lambda _: Answer(raw=b"<html>Welcome to the router</html>")):
        assert isinstance(failure(shop, a_cell()), EngineFailed)


# --- keys


@BOTH
def test_the_key_stands_nowhere(
    which: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with served(monkeypatch, lambda _: GOOD):
        write_paper(shop, a_cell(which), "concept", Concept)
    with served(monkeypatch, lambda _: Answer(f"wrong key {KEY}", 401)):
        failure_text = ""
        try:
            write_paper(shop, a_cell(which, max_tokens=99), "concept", Concept)
        except ForgeError as error:
            failure_text = str(error) + repr(error.__cause__) + repr(error.__context__)
    kept = b"".join(Path(file).read_bytes() for file in Path(str(shop.store.root)).rglob("*") if file.is_file())
    assert KEY.encode() not in kept
    assert KEY not in failure_text
    assert KEY not in caplog.text


def test_an_address_is_named_without_what_is_secret() -> None:
    assert bare_address("https://me:pass@host:8080/v1/?key=abc#x") == "https://host:8080/v1"
    assert bare_address("http://[::1]:11434/v1") == "http://[::1]:11434/v1"


@BOTH
def test_an_engine_without_a_key_says_what_it_lacks(
    which: str, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert any("API_KEY" in lack.remedy for lack in engine("text", which).lacks())
    assert isinstance(failure(shop, a_cell(which)), Unavailable)


# --- settings


def test_the_last_named_setting_wins(tmp_path: Path) -> None:
    overlay = {
        "engines": {
            "openai": {
                "default": {"model": "a", "temperature": 0.1, "max_tokens": 100, "timeout_s": 10},
                "nodes": {"script": {"temperature": 0.2, "max_tokens": 200}},
                "languages": {"ja": {"max_tokens": 300, "model": "j"}},
            }
        }
    }
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(overlay))
    settings = load_settings({"FORGE_WRITING": str(path)})

    def of(node: Any, language: str, wanted: dict[str, Any] | None = None) -> tuple[Any, ...]:
        choice = WritingChoice.model_validate(wanted) if wanted else None
        found = resolve(settings, "openai", node, language, choice)
        return found.model, found.temperature, found.max_tokens, found.timeout_s

    assert of("concept", "de") == ("a", 0.1, 100, 10)
    assert of("script", "de") == ("a", 0.2, 200, 10)
    assert of("script", "ja") == ("j", 0.2, 300, 10)
    assert of("script", "ja", {"max_tokens": 400}) == ("j", 0.2, 400, 10)
    wanted = {"max_tokens": 400, "nodes": {"script": {"max_tokens": 500, "temperature": None}}}
    assert of("script", "ja", wanted) == ("j", None, 500, 10)
    filed = WritingChoice.model_validate(wanted).model_dump_json()
    assert of("script", "ja", json.loads(filed)) == ("j", None, 500, 10)
    assert load_settings({"FORGE_TEXT_MODEL": "z"}).engines["openai"].default.model == "z"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("engines: [1]", "engines"),
        ("rounds: 99", "rounds"),
        ("round: 2", "round"),
        ("engines: {openai: {default: {temperature: 9}}}", "engines.openai.default.temperature"),
        ("a: [", ""),
        ("- 1", ""),
    ],
)
def test_faulty_settings_name_their_place(content: str, place: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(content)
    with pytest.raises(InvalidInput) as caught:
        load_settings({"FORGE_WRITING": str(path)})
    assert place in str(caught.value)


def test_a_model_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORGE_TEXT_MODEL", raising=False)
    with pytest.raises(InvalidInput, match="FORGE_TEXT_MODEL"):
        resolve(load_settings({}), "openai", "script", "de", None)


def test_money_is_counted_where_the_price_is_known(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, lambda _: Answer(GOOD.text, usage=(1_000_000, 100_000))):
        _, tally = write_paper(shop, a_cell(model="gpt-4.1"), "concept", Concept)
    assert tally.made_facts[0]["cost_usd"] == 2.8
