"""`forge doctor`: what this machine has and lacks, each with its remedy."""

from __future__ import annotations

import click

from forge_jobs.command.output import EXIT_DONE, EXIT_FAILED, json_option, print_json, print_table
from forge_jobs.deep_examination import examine_deeply
from forge_jobs.examination import examine
from forge_resources.settings import Settings


@click.command()
@click.option(
    "--deep",
    is_flag=True,
    help="Also do something with everything: write and read, load the code, check models, make a short spot.",
)
@json_option
def doctor(deep: bool, as_json: bool) -> int:
    """What this machine has and lacks: ffmpeg, fonts per script, text shaping, GPU, disk, database, store.

    With --deep, it takes half a minute, and longer where large models are installed; nothing of it stays. Exit status
    1 where something is missing that every spot needs.
    """
    settings = Settings.from_environment()
    findings = [*examine(settings), *(examine_deeply(settings) if deep else ())]
    healthy = all(finding.state != "missing" for finding in findings)
    if as_json:
        print_json({"ok": healthy, "findings": [finding.model_dump() for finding in findings]})
    else:
        print_table(
            ["", "what", "found", "remedy"],
            ((finding.state, finding.what, finding.found, finding.remedy) for finding in findings),
        )
    return EXIT_DONE if healthy else EXIT_FAILED
