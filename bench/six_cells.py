"""A brief of six cells through the queue of a running house: how often models are loaded."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from bench.orchestration import serving
from forge_jobs.instance import open_instance
from forge_resources.gpu.client import WorkerHost
from forge_resources.settings import Settings
from tests.sample_briefs import write_brief

MODELS = ["tiny-sd1"]
DEADLINE_S = 900.0


def loads_over_models(folder: Path, host: WorkerHost) -> dict[str, Any]:
    """Loads of the worker while six cells are made up to their spots, over the models that they use.

    The worker starts empty. Noise of a tiny model may be refused by a gate after it was painted; that changes nothing
    of what is counted.
    """
    host.stop(now=False)
    home = folder / "house"
    inbox = home / "inbox"
    inbox.mkdir(parents=True)
    settings = Settings.from_environment({"FORGE_HOME": str(home), "FORGE_INBOX": str(inbox)})
    ours = {name: value for name, value in os.environ.items() if name.startswith("FORGE_")}
    more = {**ours, "FORGE_ENGINE_IMAGE": "diffusers", "FORGE_PICTURES_MODEL": MODELS[0]}
    started = time.monotonic()
    with serving(home, more):
        lines = {
            language: {"message": line, "call_to_action": line, "selling_points": [line, line]}
            for language, line in (("de", "Lass den Tag los."), ("fr", "Laissez filer la journée."))
        }
        write_brief(
            inbox,
            markets=["en-GB", "de-DE", "fr-FR"],
            personas=["busy-parent", "night-owl-student"],
            copy=lines,
        )
        with open_instance(settings) as instance:
            while len(ended := [run for run in instance.get_runs() if run.is_finished]) < 6:
                if time.monotonic() - started > DEADLINE_S:
                    raise SystemExit("the queue did not finish in time")
                time.sleep(0.5)
        status = host.status()
    loads = status["totals"]["loads"] if status else 0
    return {
        "loads_over_models": loads / len(MODELS),
        "queue_loads": loads,
        "queue_models": len(MODELS),
        "queue_pictures": status["totals"]["jobs"] if status else 0,
        "queue_delivered": sum(run.is_success for run in ended),
        "queue_s": round(time.monotonic() - started, 1),
    }
