"""Examining a deployment by doing: what `forge doctor --deep` adds to looking.

What belongs here: small real acts on database, store, inbox, code location, worker and models, and one short spot from
end to end in a folder of its own. What does not: what can be told without doing anything (see `examination`).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import yaml
from upath import UPath

from forge_assets.keys import partitions_name
from forge_jobs.examination import Examined
from forge_jobs.instance import open_instance
from forge_resources.gpu.client import WorkerHost
from forge_resources.models import places
from forge_resources.secrets import redacted
from forge_resources.settings import Settings
from forge_resources.store.files import is_local, read_bytes, write_bytes

_PROBE_BYTES = 12_000_000
"""More than one part of a multipart upload."""
_SKEW_S = 300.0
"""S3 refuses requests that are further from its clock than 15 minutes; this is the time to mend it."""
_SILENT_S = 120.0
_SPOT_LIMIT_S = 600


def examine_deeply(settings: Settings) -> Iterator[Examined]:
    """Does something small with everything, one after the other; what goes wrong is a finding."""
    steps: list[tuple[str, Callable[[Settings], Examined], str]] = [
        ("database written", _database, "Look at dagster.yaml, and whether the database takes this user's writes."),
        ("daemon", _daemon, "Start it: forge dev, or dagster-daemon run."),
        ("store round trip", _store, "Look at FORGE_STORE, its rights, its quota and AWS_ENDPOINT_URL."),
        ("inbox", _inbox, "Look at FORGE_INBOX and its rights."),
        ("code location", _location, "Run `dagster definitions validate -w workspace.yaml` and mend what it says."),
        ("gpu worker", _worker, "forge gpu status says more; forge gpu stop --now ends it."),
        ("models", _models, "forge models verify; then remove and download what is damaged."),
        (
            "a spot from end to end",
            _spot,
            "forge run examples/briefs/aurora-launch.yaml says more.",
        ),
    ]
    for what, look, remedy in steps:
        started = time.monotonic()
        try:
            found = look(settings)
        except Exception as error:  # noqa: BLE001 -- whatever any of them raises is the finding
            said = redacted(f"{type(error).__name__}: {error}").splitlines()[0]
            yield Examined(what=what, state="missing", found=said, remedy=remedy)
            continue
        seconds = time.monotonic() - started
        update = {"what": what, "found": f"{found.found}, {seconds:.1f} s"}
        yield found.model_copy(update=update if found.state == "ok" else {**update, "remedy": found.remedy or remedy})


def _ok(found: str) -> Examined:
    return Examined(what="", state="ok", found=found)


def _database(settings: Settings) -> Examined:
    key, value = "forge/doctor", uuid.uuid4().hex
    with open_instance(settings) as instance:
        instance.run_storage.set_cursor_values({key: value})
        kept = instance.run_storage.get_cursor_values({key}).get(key)
        events = len(instance.event_log_storage.get_dynamic_partitions(partitions_name("market")))
    if kept != value:
        return Examined(what="", state="missing", found="what was written is not what is read")
    return _ok(f"written and read, {events} markets of briefs registered")


def _daemon(settings: Settings) -> Examined:
    with open_instance(settings) as instance:
        beats = {kind.lower(): beat.timestamp for kind, beat in instance.get_daemon_heartbeats().items()}
    if not beats:
        return Examined(what="", state="optional", found="none has ever run; `forge run` needs none")
    silent = {kind: time.time() - beat for kind, beat in beats.items() if time.time() - beat > _SILENT_S}
    if silent:
        told = ", ".join(f"{kind} for {seconds / 60:.0f} min" for kind, seconds in sorted(silent.items()))
        return Examined(what="", state="optional", found=f"silent: {told}")
    return _ok(f"{len(beats)} daemons alive")


def _store(settings: Settings) -> Examined:
    place = settings.store / ".doctor" / uuid.uuid4().hex
    data = os.urandom(_PROBE_BYTES)
    write_bytes(place, data)
    try:
        if hashlib.sha256(read_bytes(place)).digest() != hashlib.sha256(data).digest():
            return Examined(what="", state="missing", found="what was written is not what is read")
        if place.name not in {found.name for found in place.parent.iterdir()}:
            return Examined(what="", state="missing", found="what was written is not listed")
        skew = _skew(place)
    finally:
        place.unlink()
    if abs(skew) > _SKEW_S:
        return Examined(
            what="",
            state="missing",
            found=f"its clock is {skew:.0f} s off this machine's",
            remedy="Set the clock of this machine by NTP.",
        )
    return _ok(f"{_PROBE_BYTES / 1e6:.0f} MB written, read, listed and removed")


def _skew(place: UPath) -> float:
    """Seconds that the store's clock is ahead of this machine's; 0 on a disk of this machine."""
    if is_local(place):
        return 0.0
    written: datetime = place.fs.info(place.path)["LastModified"]
    return (written - datetime.now(UTC)).total_seconds()


def _inbox(settings: Settings) -> Examined:
    if not settings.inbox.exists():
        return Examined(
            what="", state="optional", found=f"{settings.inbox} does not exist", remedy="forge dev makes it."
        )
    # The sensor does not look at names that begin with a dot.
    probe = settings.inbox / f".doctor-{uuid.uuid4().hex}"
    write_bytes(probe, b"forge")
    probe.unlink()
    waiting = [path.name for path in settings.inbox.iterdir() if path.name.endswith(".errors.txt")]
    faulty = f", {len(waiting)} faulty briefs" if waiting else ""
    return _ok(f"{settings.inbox}, writable{faulty}")


def _location(settings: Settings) -> Examined:
    asked = "import forge_jobs.definitions as d; print(len(d.defs.resolve_asset_graph().get_all_asset_keys()))"
    said = _call([sys.executable, "-c", asked], {"FORGE_HOME": str(settings.home), "FORGE_LOG": "off"}, 120)
    return _ok(f"loads in a process of its own, {said.strip().splitlines()[-1]} assets")


def _worker(_: Settings) -> Examined:
    worker = WorkerHost()
    status = worker.status()
    if status is None:
        return _ok("not running; the first run that needs it starts it")
    if status["trouble"]:
        return Examined(what="", state="missing", found=str(status["trouble"]))
    return _ok(f"healthy, {len(status['models'])} models, {len(status['queue'])} waiting")


def _models(_: Settings) -> Examined:
    shelf = places.shelf()
    installed = list(shelf.installed())
    damaged = [one.name for one in installed if shelf.faults(one)]
    if damaged:
        return Examined(what="", state="missing", found=f"damaged: {', '.join(damaged)}")
    return _ok(f"{len(installed)} installed, every file whole")


def _spot(_: Settings) -> Examined:
    """A six-second brief through all stages, with the embedded engines, beside the deployment and not in it."""
    brief = {
        "brief": "doctor-spot",
        "brand": {
            "slug": "doctor",
            "name": "Doctor",
            "palette": {"primary": "#1f2a44", "accent": "#f2a03d"},
            "voice": ["warm"],
        },
        "product": {"name": "Test Lamp", "description": "A lamp.", "selling_points": ["Gives light"]},
        "message": "Let there be light.",
        "call_to_action": "Switch it on.",
        "tone": ["calm"],
        "duration_s": 6,
        "markets": ["en-GB"],
        "personas": ["busy-parent"],
        "engines": {"text": "draft", "image": "sketch", "voice": "espeak", "motion": "still"},
        "delivery": ["preview"],
    }
    with tempfile.TemporaryDirectory(prefix="forge-doctor-") as folder:
        file = Path(folder) / "doctor-spot.yaml"
        file.write_text(yaml.safe_dump(brief), encoding="utf-8")
        home = {"FORGE_HOME": f"{folder}/home", "FORGE_INBOX": folder, "FORGE_LOG": "off"}
        command = [sys.executable, "-c", "from forge_jobs.command import main; main()", "run", str(file), "--json"]
        cell = json.loads(_call(command, home, _SPOT_LIMIT_S))["cells"][0]
        size = Path(cell["spot"]).stat().st_size
    return _ok(f"{cell['frames']} frames, {cell['width']} × {cell['height']}, {size / 1e6:.1f} MB")


def _call(command: list[str], settings: dict[str, str], limit_s: float) -> str:
    """What a command says on standard output. It has this environment without the deployment's own places."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("FORGE_", "DAGSTER_HOME"))}
    done = subprocess.run(command, env={**own, **settings}, capture_output=True, text=True, timeout=limit_s)
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1])
    return done.stdout
