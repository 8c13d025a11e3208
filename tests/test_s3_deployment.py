"""A deployment on S3: a brief is made, looked after and linked to, and what steps print is kept there."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import dagster as dg
import pytest
import s3fs
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.compute_log_manager import ComputeIOType
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from starlette.testclient import TestClient

from forge_jobs.board.app import BoardApp, BoardSettings
from forge_jobs.board.shelf import BoardShelf
from forge_jobs.instance import CHECKOUT, SERVICES, open_instance
from forge_resources.adapters.compute_logs import LinkedS3Logs
from forge_resources.errors import InvalidInput
from forge_resources.settings import Settings
from forge_resources.store.s3 import link_minutes
from forge_resources.studio import Studio
from tests.faulty_proxy import Fault, FaultyProxy, faulty_proxy
from tests.forge_call import forge
from tests.s3_server import BUCKET
from tests.sample_briefs import write_brief


def test_a_brief_is_made_and_looked_after_on_s3(
    bucket: Any, s3_server: str, deployment: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every twentieth request refused by the service."""
    where = {"FORGE_STORE": f"s3://{BUCKET}/team/store"}
    with faulty_proxy(s3_server) as proxy:
        proxy.faults.append(Fault("slow_down", times=10_000, every=20))
        where["AWS_ENDPOINT_URL"] = proxy.address
        brief = write_brief(tmp_path, markets=["en-GB"])
        [cell] = forge("run", brief, home=deployment.home, **where)["cells"]
        assert cell["status"] == "delivered"
        assert cell["spot"].startswith(f"s3://{BUCKET}/team/store/deliverables/night-tea/")
        assert proxy.times("PUT") > 50
        it_asks_for_nothing_outside_of_its_prefix(proxy)
    where["AWS_ENDPOINT_URL"] = s3_server
    s3fs.S3FileSystem.clear_instance_cache()
    assert forge("store", "fsck", home=deployment.home, **where)["flaws"] == []
    assert forge("store", "gc", "--grace-hours", "0", home=deployment.home, **where)["files"] == []
    [size] = forge("store", "size", home=deployment.home, **where)["briefs"]
    assert size["deliverables"] > 100_000
    [link] = forge("links", "night-tea", "--minutes", "5", home=deployment.home, **where)["links"]
    with urllib.request.urlopen(link["link"]) as answer:
        assert answer.read(12)[4:8] == b"ftyp"
    for name, value in where.items():
        monkeypatch.setenv(name, value)
    the_board_hands_out_links(Path(cell["spot"]).name, s3_server)
    assert not [key for key in (item.key for item in bucket.objects.all()) if not key.startswith("team/store/")]
    half = bucket.Object("team/store/deliverables/" + cell["spot"].rpartition("/deliverables/")[2])
    half.put(Body=half.get()["Body"].read()[:-1])
    [flaw] = forge("store", "fsck", home=deployment.home, status=1, **where)["flaws"]
    assert (flaw["kind"], flaw["what"]) == ("damaged", cell["spot"])


def it_asks_for_nothing_outside_of_its_prefix(proxy: FaultyProxy) -> None:
    """So keys suffice that open and list the prefix alone, as docs/s3.md gives them to a project."""
    for method, asked, _ in proxy.log:
        place = urlsplit(asked)
        key = place.path.removeprefix(f"/{BUCKET}").strip("/")
        if not key:
            assert method == "GET", "nothing is asked of the bucket but what is in it"
            key = parse_qs(place.query)["prefix"][0]
        assert key == "team/store" or key.startswith("team/store/"), asked


def the_board_hands_out_links(spot: str, s3_server: str) -> None:
    settings = Settings.from_environment()
    place = f"/briefs/night-tea/en-GB/busy-parent/files/{spot}"
    with open_instance(settings) as instance:
        shelf = BoardShelf(instance, Studio(settings))
        through, linked = (
            TestClient(BoardApp(shelf, BoardSettings(links=links)).app, "http://localhost", follow_redirects=False)
            for links in (False, True)
        )
        whole = through.get(place)
        assert (whole.status_code, whole.content[4:8]) == (200, b"ftyp")
        answer = linked.get(place)
    assert answer.status_code == 307
    assert f"media-src 'self' {s3_server}" in answer.headers["content-security-policy"]
    assert s3_server not in whole.headers["content-security-policy"]
    with urllib.request.urlopen(answer.headers["location"]) as fetched:
        assert fetched.read() == whole.content
        assert fetched.headers["Content-Type"] == "video/mp4"
        assert fetched.headers["Content-Disposition"] == f'inline; filename="{spot}"'
    assert "X-Amz-Expires=3600" in answer.headers["location"]


@pytest.fixture
def logs_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The `compute_logs` of docker/dagster.yaml, in a home on SQLite."""
    services = yaml.safe_load(SERVICES.read_text(encoding="utf-8"))
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"compute_logs": services["compute_logs"]}))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


@dg.op
def talks() -> None:
    print("said by a step")


@dg.job(executor_def=dg.in_process_executor)
def talking() -> None:
    talks()


def test_what_steps_print_is_kept_on_s3_and_linked(
    bucket: Any, logs_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGE_LOGS", f"s3://{BUCKET}/team/logs")
    monkeypatch.setenv("FORGE_LINK_MINUTES", "15")
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(logs_only))) as instance:
        manager = instance.compute_log_manager
        assert isinstance(manager, LinkedS3Logs)
        run = talking.execute_in_process(instance=instance)
        [captured] = [event for event in run.all_events if event.event_type_value == "LOGS_CAPTURED"]
        key = manager.build_log_key_for_run(run.run_id, captured.logs_captured_data.file_key)
        link = manager.download_url_for_type(key, ComputeIOType.STDOUT)
        assert link is not None
        assert "X-Amz-Expires=900" in link
        with urllib.request.urlopen(link) as answer:
            assert b"said by a step" in answer.read()
        assert next(iter(bucket.objects.all())).key.startswith("team/logs/storage/")
        # A bucket that is gone fails no run.
        monkeypatch.setattr(manager, "_s3_bucket", "no-such-bucket")
        assert talking.execute_in_process(instance=instance).success


def test_what_steps_print_stays_in_a_folder_without_an_address(logs_only: Path) -> None:
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(logs_only))) as instance:
        assert isinstance(instance.compute_log_manager, LocalComputeLogManager)


def test_the_life_of_links_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert link_minutes() == 60
    for wrong in ("0", "20000", "an hour"):
        monkeypatch.setenv("FORGE_LINK_MINUTES", wrong)
        with pytest.raises(InvalidInput, match="FORGE_LINK_MINUTES"):
            link_minutes()


def test_a_service_takes_the_lifecycle_rules(bucket: Any) -> None:
    rules = json.loads((CHECKOUT / "docker" / "s3-lifecycle.json").read_text(encoding="utf-8"))
    client = boto3.client("s3")
    client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=rules)
    kept = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert [rule["ID"] for rule in kept] == [rule["ID"] for rule in rules["Rules"]]
    # Nothing that Forge keeps expires by itself.
    for rule in rules["Rules"]:
        assert "Expiration" not in rule or rule["Filter"]["Prefix"] == "logs/"
