"""Where this deployment keeps models and its own entries of the catalogue, read from the environment.

What belongs here: FORGE_MODELS and what follows from FORGE_HOME and FORGE_LIBRARY. What does not: reading files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from forge_resources.models.catalogue import Catalogue, load_catalogue
from forge_resources.models.shelf import Shelf


def models_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """FORGE_MODELS, else `models` in FORGE_HOME (or DAGSTER_HOME, or `.forge`)."""
    home = environment.get("FORGE_HOME") or environment.get("DAGSTER_HOME") or ".forge"
    return Path(environment.get("FORGE_MODELS") or Path(home) / "models").absolute()


def shelf(environment: Mapping[str, str] = os.environ) -> Shelf:
    """The models installed here."""
    return Shelf(models_folder(environment))


def catalogue(environment: Mapping[str, str] = os.environ) -> Catalogue:
    """The catalogue with the deployment's own entries. Raises InvalidInput with every fault."""
    library = environment.get("FORGE_LIBRARY")
    return load_catalogue(Path(library) / "models" if library else None)
