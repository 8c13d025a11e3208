"""Names that all code locations of a Dagster instance share: keys of assets, and sets of partitions.

A project that is a code location among others (FORGE_PROJECT) has them under its own name, `lumen/frames`, so that two
projects of one instance share none. Elsewhere they are plain, `frames`.

What belongs here: how a stage's name becomes such a name, and back. What does not: which assets there are (see
`graph`).
"""

from __future__ import annotations

import os

import dagster as dg

from forge_resources.settings import project_of

PROJECT = project_of(os.environ)
"""The project of this process, as it was when the graph was loaded; a process makes for one project all its life."""


def key_of(name: str) -> dg.AssetKey:
    """The key of a stage, or of what the world hands in."""
    return dg.AssetKey([PROJECT, name] if PROJECT else [name])


def name_of(key: dg.AssetKey) -> str:
    """The stage of a key, such as `frames`."""
    return key.path[-1]


def partitions_name(dimension: str) -> str:
    """What Dagster calls the set of dynamic partitions of a dimension."""
    return f"{PROJECT}/{dimension}" if PROJECT else dimension
