"""What rendering costs: ours beside one bare ffmpeg command with the same cut, and moviepy beside ours.

Spots of 15 and 30 s at 1280x720 and 1920x1080; the three take turns. The bare command (see `bare_graph`) makes the same
camera moves, dissolves and type. Memory is measured in processes of their own, for 15 and 60 s. Deliverables of four
profiles, two of which share a picture, are measured beside those of the most expensive of them.

    python bench/render.py [--rounds N] [--cases 15x720,30x1080] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.bare_graph import bare_command, draw_letters
from bench.four_profiles import four_over_one
from bench.measuring import Spent, median, show, timed
from bench.sample_cut import Sample, sample
from forge_resources.editing import ffmpeg
from forge_resources.editing.moviepy_render import MoviepyRenderer, moviepy_parameters
from forge_resources.editing.render import Renderer, render_parameters

SIZES = {"720": (1280, 720), "1080": (1920, 1080)}
CASES = "15x720,15x1080,30x720,30x1080"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", default=CASES, help="seconds x lines, separated by commas")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peak-of", type=int, metavar="SECONDS", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.peak_of:
        print(json.dumps(peak(wanted.peak_of)))
        return
    # First: the most memory that Linux tells of a process is at least what the one that started it held then.
    peaks = {seconds: peak_in_its_own_process(seconds) for seconds in (15, 60)}
    cases = {case: measured(*_case(case), wanted.rounds) for case in wanted.cases.split(",")}
    four = four_over_one(wanted.rounds)
    first = next(iter(cases.values()))
    figures = {
        "ours_over_bare_ffmpeg": median([each["ours_over_bare"] for each in cases.values()]),
        "ours_over_bare_ffmpeg_cpu": median([each["ours_over_bare_cpu"] for each in cases.values()]),
        "moviepy_over_ours": median([each["moviepy_over_ours"] for each in cases.values()]),
        "moviepy_over_ours_cpu": median([each["moviepy_over_ours_cpu"] for each in cases.values()]),
        "cpu_s_per_s": first["cpu_s_per_s"],
        "peak_mb_15s": peaks[15],
        "peak_mb_60s": peaks[60],
        **four,
        "cases": cases,
        "rounds": wanted.rounds,
    }
    show(f"render, medians of {wanted.rounds}", rows(cases, figures), figures, wanted.json)


def measured(seconds: int, size: tuple[int, int], rounds: int) -> dict[str, float]:
    """One spot through the three, taking turns."""
    with tempfile.TemporaryDirectory(prefix="forge-bench-") as name:
        folder = Path(name)
        spot = sample(folder, seconds, size)
        letters = draw_letters(spot.cut, folder)
        parameters = render_parameters(spot.profile, spot.document)

        def bare() -> None:
            ffmpeg.run(bare_command(spot.cut, parameters, spot.sources, letters, folder / "bare.mp4"))

        turns: dict[str, Callable[[], object]] = {
            "bare": bare,
            "ours": lambda: Renderer().make(parameters, spot.sources, folder / "ours.mp4"),
            "moviepy": lambda: MoviepyRenderer().make(
                moviepy_parameters(spot.profile, spot.document), spot.sources, folder / "moviepy.mp4"
            ),
        }
        spent: dict[str, list[Spent]] = {turn: [] for turn in turns}
        for _ in range(rounds):
            for turn, work in turns.items():
                spent[turn].append(timed(work))
    ratios = {
        f"{name}{suffix}": median(
            [getattr(a, how) / getattr(b, how) for a, b in zip(spent[one], spent[other], strict=True)]
        )
        for name, one, other in (("ours_over_bare", "ours", "bare"), ("moviepy_over_ours", "moviepy", "ours"))
        for suffix, how in (("", "wall"), ("_cpu", "cpu"))
    }
    walls = {f"{turn}_s": median([each.wall for each in spent[turn]]) for turn in turns}
    return {**ratios, **walls, "cpu_s_per_s": median([each.cpu / seconds for each in spent["ours"]])}


def peak(seconds: int) -> float:
    """The most memory, in MB, that this process and its largest child have held while rendering at 1280x720."""
    with tempfile.TemporaryDirectory(prefix="forge-bench-") as name:
        spot: Sample = sample(Path(name), seconds, SIZES["720"])
        parameters = render_parameters(spot.profile, spot.document)
        Renderer().make(parameters, spot.sources, Path(name) / "ours.mp4")
    kilobytes = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(kilobytes / 1024, 1)


def peak_in_its_own_process(seconds: int) -> float:
    done = subprocess.run(
        [sys.executable, __file__, "--peak-of", str(seconds)], stdout=subprocess.PIPE, check=True, text=True
    )
    return float(json.loads(done.stdout))


def _case(text: str) -> tuple[int, tuple[int, int]]:
    seconds, _, lines = text.partition("x")
    if not seconds.isdigit() or lines not in SIZES:
        raise SystemExit(f"{text} is no case; write it like 15x720 or 30x1080.")
    return int(seconds), SIZES[lines]


def rows(cases: dict[str, dict[str, float]], figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = []
    for case, each in cases.items():
        seconds, size = _case(case)
        name = f"{seconds} s at {size[0]}x{size[1]}"
        ours = f"{each['ours_over_bare']:.2f} x bare, {each['ours_over_bare_cpu']:.2f} in processor time"
        moviepy = f"{each['moviepy_over_ours']:.1f} x ours, {each['moviepy_over_ours_cpu']:.1f} in processor time"
        found += [
            (f"{name}: bare ffmpeg", f"{each['bare_s']:.1f} s", "zoompan, xfade, overlay; one encode"),
            (f"{name}: ours", f"{each['ours_s']:.1f} s", ours),
            (f"{name}: moviepy", f"{each['moviepy_s']:.1f} s", moviepy),
            (f"{name}: processor", f"{each['cpu_s_per_s']:.2f} s", "a second of spot, ours"),
        ]
    memory = f"{figures['peak_mb_15s']:.0f} and {figures['peak_mb_60s']:.0f} MB"
    four = (
        f"{figures['four_profiles_over_one']:.2f} x one, {figures['four_profiles_over_one_cpu']:.2f} in processor time"
    )
    return [
        *found,
        ("memory, 15 s and 60 s", memory, "at 1280x720"),
        ("deliverables, four profiles", four, figures["four_profiles"]),
    ]


if __name__ == "__main__":
    main()
