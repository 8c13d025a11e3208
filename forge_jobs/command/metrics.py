"""`forge metrics`: what Prometheus is told."""

from __future__ import annotations

import sys

import click

from forge_jobs.command.output import EXIT_DONE, people, print_json
from forge_jobs.command.serving import serve
from forge_jobs.instance import open_instance
from forge_jobs.monitoring.dashboard import as_grafana, dashboard
from forge_jobs.monitoring.exporter import Exporter
from forge_jobs.monitoring.exposition import exposition
from forge_jobs.monitoring.observation import Observation
from forge_resources.logs import open_log
from forge_resources.settings import Settings
from forge_resources.studio import Studio


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=9464, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--interval", type=click.FloatRange(1, 3600), default=15, show_default=True, help="Seconds between two looks."
)
@click.option("--dashboard", "as_dashboard", is_flag=True, help="Print the Grafana dashboard as JSON and end.")
@click.option("--once", is_flag=True, help="Print the metrics and end, instead of serving them.")
def metrics(port: int, host: str, interval: float, as_dashboard: bool, once: bool) -> int:
    """Serves /metrics for Prometheus, with /healthz and /readyz. Ends with Ctrl-C.

    Everything is read from the event log and the store: counts survive a restart.
    """
    if as_dashboard:
        print_json(as_grafana(dashboard()))
        return EXIT_DONE
    settings = Settings.from_environment()
    open_log(settings.home)
    with open_instance(settings) as instance:
        observation = Observation(instance, Studio(settings))
        if once:
            sys.stdout.write(exposition(observation.read()).decode())
            return EXIT_DONE
        people().print(f"metrics http://{host}:{port}/metrics")
        return serve(Exporter(observation.read, interval).app, host, port)
