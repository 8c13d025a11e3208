"""The inbox in a bucket: briefs and their pictures are taken from it, and faults are told in it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import s3fs

from forge_resources.settings import Settings
from sensors.inbox_news import SETTLE_SECONDS
from tests.s3_server import BUCKET
from tests.sample_briefs import write_brief
from tests.sample_engines import Swatch, SwatchEngine
from tests.ticks import Ticker

EN, DE = "night-tea@en-GB|busy-parent", "night-tea@de-DE|busy-parent"
ERRORS = "inbox/night-tea.yaml.errors.txt"


@pytest.fixture
def ticker(deployment: Settings, instance: dg.DagsterInstance, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Ticker:
    monkeypatch.setenv("FORGE_INBOX", f"s3://{BUCKET}/inbox")
    return Ticker(instance, "brief_inbox")


def drop(bucket: Any, tmp_path: Path, **changes: Any) -> None:
    """Puts a brief into the bucket's inbox, and waits until it no longer looks as if it were being copied."""
    bucket.put_object(Key="inbox/night-tea.yaml", Body=write_brief(tmp_path, **changes).read_bytes())
    # A bucket's clock counts in whole seconds and cannot be set back.
    time.sleep(SETTLE_SECONDS + 1)


def names(bucket: Any) -> set[str]:
    return {item.key for item in bucket.objects.all()}


def test_a_brief_is_taken_once_and_a_change_asks_for_its_cells(bucket: Any, ticker: Ticker, tmp_path: Path) -> None:
    assert "there is no" in ticker.tick().said
    drop(bucket, tmp_path)
    tick = ticker.tick()
    assert tick.runs == {EN: "produce", DE: "produce"}
    assert ticker.tick().nothing
    drop(bucket, tmp_path, must_say={"de-DE": ["Nur solange der Vorrat reicht."]})
    assert set(ticker.tick().runs) == {DE}
    bucket.Object("inbox/night-tea.yaml").delete()
    assert ticker.tick().nothing


def test_a_fault_is_told_beside_the_brief_and_the_telling_goes_with_it(
    bucket: Any, ticker: Ticker, tmp_path: Path
) -> None:
    drop(bucket, tmp_path, duration_s=-3)
    tick = ticker.tick()
    assert tick.nothing
    assert "night-tea.yaml is faulty" in tick.said
    assert b"duration_s" in bucket.Object(ERRORS).get()["Body"].read()
    assert ticker.tick().said.startswith("nothing new")
    drop(bucket, tmp_path)
    assert set(ticker.tick().runs) == {EN, DE}
    assert names(bucket) == {"inbox/night-tea.yaml"}


def test_a_picture_that_arrives_mends_its_brief(bucket: Any, ticker: Ticker, tmp_path: Path) -> None:
    product = {"name": "Night Tea", "description": "A tea.", "selling_points": ["Calm"], "images": ["box.png"]}
    drop(bucket, tmp_path, product=product)
    assert "night-tea.yaml is faulty" in ticker.tick().said
    SwatchEngine().make(Swatch(side=64), {}, tmp_path / "box.png")
    bucket.put_object(Key="inbox/box.png", Body=(tmp_path / "box.png").read_bytes())
    assert set(ticker.tick().runs) == {EN, DE}
    assert ERRORS not in names(bucket)


def test_a_service_that_is_away_is_told_and_loses_nothing(
    bucket: Any, ticker: Ticker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(bucket, tmp_path)
    with monkeypatch.context() as away:
        away.setenv("FORGE_INBOX", "s3://no-such-bucket/inbox")
        tick = ticker.tick()
    assert tick.nothing
    assert "no-such-bucket" in tick.said
    assert set(ticker.tick().runs) == {EN, DE}


def test_a_server_that_does_not_answer_is_told(ticker: Ticker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("FORGE_S3_PATIENCE", "0")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    tick = ticker.tick()
    assert tick.nothing
    assert "cannot be listed" in tick.said
    assert "127.0.0.1:1" in tick.said
