"""What four deliverables of a cell cost beside the most expensive of them.

A cell is made once with `forge run`; then its masters and packages are made again, with nothing reused, for one profile
and for four. Two of the four take the same picture with another loudness: it is rendered once for both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from bench.measuring import Spent, median, timed
from forge_resources.editing.cutting_room import render_master
from forge_resources.editing.data_files import DATA
from forge_resources.editing.packing import Packing
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.cell import CellKey
from forge_resources.schemas.deliverables import Spot, Timelines
from forge_resources.settings import Settings
from forge_resources.store.tally import Tally
from forge_resources.studio import Studio

FORGE = str(Path(sys.executable).parent / "forge")
PROFILES = ["ebu-hd", "ebu-hd-loud", "web", "social-square"]
BRIEF = {
    "brief": "four-profiles",
    "brand": "lumen",
    "product": {
        "name": "Aurora Lamp",
        "description": "A bedside lamp that wakes you with a sunrise.",
        "selling_points": ["Wakes you with light", "Runs 40 hours on a charge"],
    },
    "message": "Wake up before your alarm does.",
    "call_to_action": "Try it for 30 nights.",
    "tone": ["calm"],
    "duration_s": 10,
    "markets": ["en-GB"],
    "personas": ["busy-parent"],
    "delivery": PROFILES,
}
CELL = CellKey(brief="four-profiles", market="en-GB", persona="busy-parent")


def four_over_one(rounds: int) -> dict[str, Any]:
    """The figures, medians of `rounds`; one and four take turns."""
    with tempfile.TemporaryDirectory(prefix="forge-bench-") as name:
        home = Path(name)
        _make_cell(home)
        one, four = [], []
        for _ in range(rounds):
            one.append(_packed(PROFILES[:1]))
            four.append(_packed(PROFILES))
    return {
        "four_profiles_over_one": median([most.wall / least.wall for most, least in zip(four, one, strict=True)]),
        "four_profiles_over_one_cpu": median([most.cpu / least.cpu for most, least in zip(four, one, strict=True)]),
        "one_profile_s": median([each.wall for each in one]),
        "four_profiles_s": median([each.wall for each in four]),
        "four_profiles": f"{', '.join(PROFILES)} beside {PROFILES[0]}",
    }


def _make_cell(home: Path) -> None:
    library = home / "library"
    (library / "profiles").mkdir(parents=True)
    loud = yaml.safe_load((DATA / "profiles" / "ebu-hd.yaml").read_text("utf-8"))
    loud |= {"slug": "ebu-hd-loud", "loudness": {"integrated_lufs": -20, "tolerance_lu": 1, "true_peak_dbtp": -1}}
    (library / "profiles" / "ebu-hd-loud.yaml").write_text(yaml.safe_dump(loud), "utf-8")
    (home / "four-profiles.yaml").write_text(yaml.safe_dump(BRIEF), "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FORGE_", "DAGSTER_"))}
    settings = {
        "FORGE_HOME": str(home / "home"), "FORGE_INBOX": str(home / "inbox"), "FORGE_LIBRARY": str(library),
    }  # fmt: skip
    done = subprocess.run(
        [FORGE, "run", str(home / "four-profiles.yaml")], env={**kept, **settings}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"The cell was not made:\n{done.stderr}")
    os.environ.update(settings)


def _packed(slugs: list[str]) -> Spent:
    """What making the master and the packages of these profiles takes, with nothing reused."""
    studio = Studio(Settings.from_environment(), reuse=False)
    brief = studio.cabinet.read("brief", CELL.path, CellBrief)
    timelines = studio.cabinet.read("timeline", CELL.path, Timelines)
    wanted = Timelines(by_profile={slug: timelines.by_profile[slug] for slug in slugs})
    tally = Tally()
    before = studio.cabinet.read("spot", CELL.path, Spot)
    profile = Packing(studio, brief, wanted, before, tally, lambda *_: None).profile(slugs[0])

    def made() -> None:
        master = render_master(studio.workshop, profile, wanted.by_profile[slugs[0]], lambda *_: None)
        spot = Spot(profile=slugs[0], master=master.artefact)
        Packing(studio, brief, wanted, spot, tally, lambda *_: None).packages()

    return timed(made)
