"""`forge render`: a timeline that was handed over, and perhaps changed since, becomes a spot."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click
from rich.progress import Progress

from forge_jobs.command.output import EXIT_DONE, json_option, people, print_json
from forge_resources.editing.rerender import RendererName, render_file
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@click.command()
@click.argument("timeline", type=click.Path(path_type=Path))
@click.option("--profile", default="web", show_default=True, help="The delivery profile it is cut for.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write.")
@click.option(
    "--renderer", type=click.Choice(["ffmpeg", "moviepy"]), default="ffmpeg", show_default=True,
    help="moviepy plays Python effects and is several times slower.",
)  # fmt: skip
@json_option
def render(timeline: Path, profile: str, out: Path, renderer: str, as_json: bool) -> int:
    """Renders TIMELINE, an .otio file, from the folder `media` beside it.

    Picture, type and sound are made as for a delivery; bars, slates and other leaders are not. FORGE_ENCODER chooses
    an encoder in hardware.
    """
    settings = Settings.from_environment()
    console = people()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as board:
        task = board.add_task("frames", total=None)

        def show(done: int, total: int) -> None:
            board.update(task, completed=done, total=total)

        facts = render_file(
            timeline, Studio(settings).profiles, profile, out.absolute(), cast("RendererName", renderer),
            settings.encoder, show,
        )  # fmt: skip
    console.print(f"{out}: {facts['frames']} frames, {facts['width']}x{facts['height']}, {facts['fps']} a second")
    if as_json:
        print_json({"spot": str(out.absolute()), **facts})
    return EXIT_DONE
