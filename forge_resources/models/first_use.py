"""What the libraries of models build when they are first used, built ahead so that no load waits for it.

What belongs here: calls that load no weights, start no threads and touch no device, for the worker's fork server. What
does not: imports, which an engine names itself (see `engines.contract.Engine.imports`).
"""

from __future__ import annotations

TRANSFORMERS = f"{__name__}:transformers_tables()"
"""For the imports of an engine that loads weights with transformers."""


def transformers_tables() -> None:
    """transformers compiles some nine hundred patterns of names of weights when the first are loaded: half of the
    time that a small model takes."""
    from transformers.conversion_mapping import get_checkpoint_conversion_mapping

    get_checkpoint_conversion_mapping("clip")
