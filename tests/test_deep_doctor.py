"""`forge doctor --deep`: everything is really tried, nothing stays, and what is broken is found."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from forge_jobs.command import main
from forge_jobs.deep_examination import examine_deeply
from forge_jobs.examination import Examined
from forge_resources.settings import Settings
from tests.s3_server import BUCKET


def by_name(settings: Settings) -> dict[str, Examined]:
    """The findings up to the inbox; what comes after takes its time, and is not asked for."""
    found = {}
    for finding in examine_deeply(settings):
        found[finding.what] = finding
        if finding.what == "inbox":
            break
    return found


def test_a_sound_deployment(
    deployment: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["forge", "doctor", "--deep", "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    said = json.loads(capsys.readouterr().out)
    findings = {finding["what"]: finding for finding in said["findings"]}
    assert findings["a spot from end to end"]["found"].startswith("144 frames, 640 × 360")
    deep = ("database written", "store round trip", "inbox", "code location", "gpu worker", "models")
    assert {name: findings[name]["state"] for name in deep} == dict.fromkeys(deep, "ok")
    assert findings["daemon"]["state"] == "optional"
    # An engine that lacks something here is a finding of its own, with or without --deep.
    assert left.value.code == (0 if said["ok"] else 1)
    # Nothing of it stays.
    assert list(Path(deployment.inbox.path).iterdir()) == []
    assert not any(path.is_file() for path in Path(deployment.store.path).rglob("*"))


def test_a_store_in_a_bucket(bucket: Any, deployment: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_STORE", f"s3://{BUCKET}/store")
    monkeypatch.setenv("FORGE_INBOX", f"s3://{BUCKET}/inbox")
    found = by_name(Settings.from_environment())
    assert found["store round trip"].state == "ok"
    assert [item.key for item in bucket.objects.all()] == []


def test_a_bucket_that_is_not_there(bucket: Any, deployment: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_STORE", "s3://no-such-bucket/store")
    found = by_name(Settings.from_environment())
    assert found["store round trip"].state == "missing"
    assert found["store round trip"].remedy
    assert found["database written"].state == "ok"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_inbox_that_cannot_be_written(deployment: Settings) -> None:
    Path(deployment.inbox.path).chmod(0o500)
    assert by_name(deployment)["inbox"].state == "missing"
    Path(deployment.inbox.path).chmod(0o700)


def test_a_broken_database_is_one_finding_of_several(deployment: Settings) -> None:
    (deployment.home / "history").mkdir(parents=True)
    (deployment.home / "history" / "runs.db").write_bytes(b"nonsense" * 4096)
    found = by_name(deployment)
    assert found["database written"].state == "missing"
    assert found["store round trip"].state == "ok"
