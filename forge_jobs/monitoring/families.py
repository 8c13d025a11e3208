"""The metrics of Forge: their names, kinds, labels and buckets, read from `families.yaml`.

What belongs here: the contract of that file. What does not: any value.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from forge_resources.briefs.strict_yaml import parse_yaml

Name = Annotated[str, Field(pattern=r"^forge_[a-z0-9_]+$")]


class Family(BaseModel):
    """One metric. `buckets` are upper bounds in the metric's unit, for a histogram."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["gauge", "counter", "histogram"]
    help: str
    labels: list[str] = []
    buckets: list[float] = []


class Measured(BaseModel):
    """A figure that a stage puts beside its result, and the metric that it is counted in."""

    model_config = ConfigDict(extra="forbid")

    metadata: str
    family: Name
    labels: dict[str, str] = {}
    only: str | None = None


class Families(BaseModel):
    """All of it. Raises ValidationError where a measured figure does not fit its family."""

    model_config = ConfigDict(extra="forbid")

    families: dict[Name, Family]
    measured: list[Measured]

    @model_validator(mode="after")
    def _fits(self) -> Families:
        for entry in self.measured:
            family = self.families[entry.family]
            given = {*entry.labels, *(set() if entry.only else {"stage"})}
            if given != set(family.labels) or family.kind == "histogram":
                raise ValueError(f"measured {entry.metadata}: {entry.family} has the labels {family.labels}")
        for name, family in self.families.items():
            if (family.kind == "counter") != name.endswith("_total") or (family.kind == "histogram") != bool(
                family.buckets
            ):
                raise ValueError(f"{name}: a counter ends in _total, and only a histogram has buckets")
        return self


@cache
def families() -> Families:
    """The families that come with Forge."""
    text = (files("forge_jobs.monitoring") / "families.yaml").read_text(encoding="utf-8")
    return Families.model_validate(parse_yaml(text, where="families.yaml"))
