"""What the fork server of the worker imports before it forks, so that a child has it at once.

What belongs here: importing the modules that engines name, and noticing whether that touched the device. What does
not: anything else; this module is imported by the fork server alone.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from importlib import import_module

VARIABLE = "FORGE_IMPORTS_AHEAD"
"""A JSON list of `module`, `module:name` or `module:function()`, set by the worker for its fork server (`nursery` has
the name too)."""


def _import_all() -> dict[str, str]:
    """Imports them. Returns why, by name, for those that could not be."""
    failed = {}
    for name in json.loads(os.environ.get(VARIABLE, "[]")):
        module, _, attribute = name.partition(":")
        try:
            loaded = import_module(module)
            if attribute.endswith("()"):
                getattr(loaded, attribute[:-2])()
            elif attribute:
                getattr(loaded, attribute)
        except Exception as error:  # noqa: BLE001 -- the child that needs it says it with place and remedy
            failed[name] = f"{type(error).__name__}: {error}"
            # What is only slower without it nobody else would tell of. This goes to the worker's log.
            print(f"not imported ahead: {name}: {failed[name]}", file=sys.stderr)
    return failed


FAILED = _import_all()

# A collection in a child would write to all that was imported, and so copy it page by page.
gc.collect()
gc.freeze()

TOUCHES_DEVICE = bool("torch" in sys.modules and sys.modules["torch"].cuda.is_initialized())
"""A process that has used the device must not be forked: its child could not use it."""
