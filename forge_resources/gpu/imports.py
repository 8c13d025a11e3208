"""Which heavy modules a worker imports ahead, and the stamp of an engine's code.

What belongs here: finding both without loading anything heavy. What does not: importing them (see `preload`).
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from forge_resources.engines.contract import Engine
from forge_resources.engines.registry import engines
from forge_resources.errors import ForgeError, InvalidInput
from forge_resources.gpu.doing import engine_at


def imports_of(location: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """The modules that the device-bound engines of this deployment name, and the one at `location` with them.

    FORGE_GPU_AHEAD: `all` of them, or those of the one at `location` alone, `first`. Raises InvalidInput.
    """
    said = environment.get("FORGE_GPU_AHEAD") or "all"
    if said not in ("all", "first"):
        raise InvalidInput(f"FORGE_GPU_AHEAD is `{said}`.", remedy="It must be `all` or `first`.")
    found = [engine for engine in engines() if engine.device_bound] if said == "all" else []
    with contextlib.suppress(ForgeError):  # The child that shall use it says why.
        found.append(engine_at(location))
    return [name for engine in found for name in _imports(engine)]


def _imports(engine: Engine) -> Sequence[str]:
    try:
        return engine.imports()
    except ForgeError:
        return ()  # A model that cannot be read is told of when it is asked for.


def location_of(engine: Engine) -> str:
    """Where the engine's class is, as `module:Class`."""
    return f"{type(engine).__module__}:{type(engine).__qualname__}"


def code_stamp(engine: Engine) -> str:
    """Changes when the engine's version or a source file beside its module does."""
    module = sys.modules[type(engine).__module__]
    file = inspect.getsourcefile(module)
    latest = max((path.stat().st_mtime_ns for path in Path(file).parent.glob("*.py")), default=0) if file else 0
    return f"{engine.version} {latest}"
