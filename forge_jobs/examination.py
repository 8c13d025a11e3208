"""Examining a machine: what Forge needs, what some briefs need, and what is there.

What belongs here: looking. What does not: printing (see `command.doctor`) or mending.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal

import dagster as dg
import imageio_ffmpeg
from PIL import features
from pydantic import BaseModel

from forge_jobs.instance import open_instance
from forge_jobs.own_runs import own_runs
from forge_resources.editing.fonts import coverage_report
from forge_resources.engines.registry import engines, unloadable
from forge_resources.errors import ForgeError
from forge_resources.gpu.limits import chosen_host, device_name
from forge_resources.gpu.meter import meter_of
from forge_resources.gpu.runtime_folder import RuntimeFolder
from forge_resources.library.loader import load_library
from forge_resources.settings import Settings
from forge_resources.store.files import write_bytes

SMALLEST_FREE_GB = 2.0
"""A brief of six 15 s cells takes some 150 MB of store; under this there is no room to work."""


class Examined(BaseModel):
    """One thing looked at: `ok`, `optional` (some briefs need it and it is not there) or `missing` (all do)."""

    what: str
    state: Literal["ok", "optional", "missing"]
    found: str
    remedy: str = ""


def examine(settings: Settings) -> list[Examined]:
    """Everything worth knowing about this machine, what every spot needs first."""
    return [
        Examined(what="python", state="ok", found=f"{platform.python_version()} on {platform.platform()}"),
        _dagster(),
        _ffmpeg(),
        *_engines(settings),
        *_unloadable(),
        *_fonts(),
        _shaping(),
        _library(settings),
        _disk(settings),
        _store(settings),
        _database(settings),
        _gpu(),
        _host(),
    ]


def _dagster() -> Examined:
    return Examined(what="dagster", state="ok", found=dg.__version__)


def _ffmpeg() -> Examined:
    try:
        path = imageio_ffmpeg.get_ffmpeg_exe()
        said = subprocess.run([path, "-hide_banner", "-version"], capture_output=True, text=True, check=True).stdout
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        return Examined(
            what="ffmpeg",
            state="missing",
            found=str(error).splitlines()[0],
            remedy="pip install --force-reinstall imageio-ffmpeg",
        )
    return Examined(what="ffmpeg", state="ok", found=said.splitlines()[0])


def _engines(settings: Settings) -> Iterator[Examined]:
    """What an engine lacks is `missing` where it is the deployment's of its kind, and `optional` elsewhere."""
    chosen = settings.engines.model_dump()
    for engine in engines():
        lacks = engine.lacks()
        needed = chosen.get(engine.kind, engine.name) == engine.name
        yield Examined(
            what=f"{engine.kind} engine {engine.name}",
            state="ok" if not lacks else "missing" if needed else "optional",
            found=f"lacks {', '.join(lack.what for lack in lacks)}" if lacks else f"version {engine.version}",
            remedy=" ".join(lack.remedy for lack in lacks),
        )


def _unloadable() -> Iterator[Examined]:
    for kind, name, error in unloadable():
        yield Examined(what=f"{kind} engine {name}", state="missing", found=error.message, remedy=error.remedy)


def _fonts() -> Iterator[Examined]:
    for coverage in coverage_report():
        yield Examined(
            what=f"font for {coverage.script}",
            state="ok" if coverage.font else "optional",
            found=coverage.font or "none",
            remedy=coverage.remedy,
        )


def _shaping() -> Examined:
    if features.check("raqm") and features.check("fribidi"):
        return Examined(what="text shaping", state="ok", found=f"raqm {features.version('raqm')} with FriBiDi")
    return Examined(
        what="text shaping",
        state="optional",
        found="no FriBiDi: Arabic, Hindi and other shaped scripts cannot be set",
        remedy="apt-get install libfribidi0 (or your system's FriBiDi)",
    )


def _library(settings: Settings) -> Examined:
    try:
        library = load_library(settings.library)
    except ForgeError as error:
        return Examined(what="library", state="missing", found=str(error), remedy="Mend the entries named.")
    return Examined(
        what="library", state="ok", found=f"{len(library.markets)} markets, {len(library.personas)} personas"
    )


def _disk(settings: Settings) -> Examined:
    place = settings.home
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    enough = free >= SMALLEST_FREE_GB
    return Examined(
        what="disk",
        state="ok" if enough else "missing",
        found=f"{free:.1f} GB free at {place}",
        remedy="" if enough else f"Free at least {SMALLEST_FREE_GB:g} GB, or set FORGE_HOME to another disk.",
    )


def _store(settings: Settings) -> Examined:
    probe = settings.store / ".doctor" / "probe"
    try:
        write_bytes(probe, b"forge")
        whole = probe.read_bytes() == b"forge"
        probe.unlink()
    except (OSError, ForgeError) as error:
        return Examined(
            what="store", state="missing", found=f"{settings.store}: {error}", remedy="Set FORGE_STORE, or its rights."
        )
    return Examined(what="store", state="ok" if whole else "missing", found=f"{settings.store}, writable")


def _database(settings: Settings) -> Examined:
    try:
        with open_instance(settings) as instance:
            kind = type(instance.run_storage).__name__
            runs = instance.get_runs_count(own_runs())
    except Exception as error:  # noqa: BLE001 -- whatever a database driver raises is the finding
        return Examined(
            what="database", state="missing", found=str(error).splitlines()[0], remedy="Look at dagster.yaml."
        )
    return Examined(what="database", state="ok", found=f"{kind}, {runs} runs, {settings.instance}")


def _gpu() -> Examined:
    if find_spec("torch") is None:
        return Examined(
            what="gpu",
            state="optional",
            found="torch is not installed; the embedded engines do not need it",
            remedy="pip install 'forge-spots[gpu]' for the diffusion engines",
        )
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return Examined(what="gpu", state="optional", found=f"torch {_version('torch')}, no NVIDIA device")
    return Examined(what="gpu", state="ok", found=f"torch {_version('torch')}; {listed.strip()}")


def _host() -> Examined:
    """Where engines that load weights run, and what cannot be measured of it."""
    try:
        host, device = chosen_host(), device_name()
        if host == "worker":
            RuntimeFolder.of(device).prepare()
    except ForgeError as error:
        return Examined(what="engine host", state="missing", found=error.message, remedy=error.remedy)
    note = meter_of(device).note
    lacks_nvml = device != "cpu" and bool(note)
    return Examined(
        what="engine host",
        state="optional" if lacks_nvml else "ok",
        found=f"{host}, device {device}{f'; {note}' if note else ''}",
        remedy="pip install nvidia-ml-py, and see that nvidia-smi works" if lacks_nvml else "",
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"
