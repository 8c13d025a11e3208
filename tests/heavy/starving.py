"""The engine `diffusers` with faults: what goes wrong is chosen by the seed, everything else is the real thing."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from forge_resources.engines.contract import Facts, Sources
from forge_resources.gpu.steps import Watch, _watch, watched
from forge_resources.imaging.diffusion.engine import DiffusionArtist
from forge_resources.imaging.diffusion.parameters import DiffusionParameters

OUT_OF_MEMORY, KILLED, DEVICE = 1301, 1302, 1303


class StarvingArtist(DiffusionArtist):
    """Runs out of memory with the preset `full`, is killed, or loses its device, at the second step."""

    def smaller(self, parameters: DiffusionParameters) -> DiffusionParameters | None:
        """Offloading whole components needs an accelerator; groups go without."""
        return parameters.model_copy(update={"preset": "group-offload"}) if parameters.preset == "full" else None

    def make(self, parameters: DiffusionParameters, sources: Sources, target: Path) -> Facts:
        outer = _watch.get() or Watch()

        def on_step(done: int, total: int) -> None:
            outer.on_step(done, total)
            outer.phase = "make"
            if done == 2:
                _fail(parameters)

        watch = Watch(on_step=on_step, on_phase=outer.on_phase, is_cancelled=outer.is_cancelled)
        with watched(watch):
            return super().make(parameters, sources, target)


def _fail(parameters: Any) -> None:
    import torch

    if parameters.seed == OUT_OF_MEMORY and parameters.preset == "full":
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    if parameters.seed == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    if parameters.seed == DEVICE:
        raise torch.AcceleratorError("CUDA error: unspecified launch failure")
