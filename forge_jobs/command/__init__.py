"""The `forge` command: one module per subcommand, loaded when it is called."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module

import click

from forge_jobs import collector
from forge_jobs.command.output import EXIT_FAILED, EXIT_WRONG_INPUT, say_error
from forge_resources.errors import ForgeError, InvalidInput, NotFound

COMMANDS = {
    "run": "Makes the spots of a brief in this process.",
    "check": "Validates briefs; every fault with its place.",
    "approve": "Approves the storyboards that await it.",
    "dev": "Starts the Dagster UI, the daemon and the sensors, with the inbox watched.",
    "render": "Renders a timeline that was handed over, and perhaps changed since.",
    "library": "Shows the reference data, and checks it.",
    "takes": "The takes of a brief's shots, their scores, and which are cut in.",
    "replay": "Makes an artefact again from its recipe, and says how like it comes out.",
    "models": "The picture models: which there are, and what is installed.",
    "prompts": "The prompts of the writing room, as they are and as a cell gets them.",
    "engines": "Which engines exist here, and what each lacks to run.",
    "gpu": "The worker that keeps models warm: status, stop, warm.",
    "stale": "The cells and assets that no longer match their inputs, each with its cause.",
    "board": "The pages on which producers approve storyboards and collect deliverables.",
    "metrics": "What Prometheus is told: cells, queue, stages, cost.",
    "project": "Projects: one per brand team, each apart from the others; their workspace.",
    "links": "What was delivered, as addresses that a browser opens.",
    "store": "Checks, measures and cleans the store; archives and deletes briefs; backup and restore.",
    "doctor": "What this machine has and lacks, with the remedy.",
}


class _LoadedWhenCalled(click.Group):
    """A group whose subcommands are imported on use: `forge check` needs no Dagster."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        with collector.paused():
            command: click.Command = getattr(import_module(f"forge_jobs.command.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _enter(context: click.Context, _: click.Parameter, name: str | None) -> None:
    """Goes into a project, before the module of the subcommand is loaded: the graph has the names of its project."""
    if name is None or context.resilient_parsing:
        return
    from forge_jobs.projects import find_project, projects_folder  # noqa: PLC0415 -- most calls need none

    environment = find_project(projects_folder(), name).environment()
    os.environ.clear()
    os.environ.update(environment)


@click.group(cls=_LoadedWhenCalled, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="forge-spots", prog_name="forge")
@click.option(
    "--project",
    metavar="NAME",
    callback=_enter,
    is_eager=True,
    expose_value=False,
    help="Work in this project; see forge project.",
)
def forge() -> None:
    """Turns a creative brief into finished, localised TV spots: one for every market and persona it names.

    FORGE_HOME (default .forge) holds the Dagster instance and the store; FORGE_INBOX (default briefs) and FORGE_STORE
    may be directories or s3:// addresses.
    """


def main() -> None:
    """Entry point of the command: errors are told here, once, and become the exit status."""
    # SIGTERM ends a command as Ctrl-C does. Both are set, because a script's background job is born deaf to SIGINT, and
    # Dagster has SIGTERM do what SIGINT does once it has made a run.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        status = forge.main(standalone_mode=False)
    except click.exceptions.Exit as left:
        sys.exit(left.exit_code)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(EXIT_WRONG_INPUT)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped. What was finished is kept; the same call goes on from there.", err=True)
        sys.exit(130)
    except ForgeError as error:
        say_error(error)
        sys.exit(EXIT_WRONG_INPUT if isinstance(error, InvalidInput | NotFound) else EXIT_FAILED)
    sys.exit(status or 0)
