"""Counting what an act of several makings made and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from forge_resources.gpu.usage import Usage
from forge_resources.schemas.recipe import Artefact
from forge_resources.store.workshop import Made


@dataclass
class Tally:
    """How many artefacts were made anew and how many were reused, with their recipes, and what heavy engines took.

    `facts` is what engines measured of all of them, `made_facts` of those whose making is to be counted here: made
    anew, or ahead of this and not counted yet.
    """

    made: int = 0
    reused: int = 0
    fingerprints: list[str] = field(default_factory=list)
    usage: Usage | None = None
    made_facts: list[dict[str, Any]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)

    def add(self, made: Made) -> Artefact:
        """Counts `made` and returns its artefact."""
        self.made += not made.reused
        self.reused += made.reused
        self.fingerprints.append(made.artefact.fingerprint)
        if made.usage is not None:
            self.usage = made.usage if self.usage is None else self.usage.plus(made.usage)
        self.facts.append(made.artefact.facts)
        if made.claimed or not made.reused:
            self.made_facts.append(made.artefact.facts)
        return made.artefact

    def take(self, other: Tally) -> None:
        """Counts what another tally has counted."""
        self.made += other.made
        self.reused += other.reused
        self.fingerprints += other.fingerprints
        self.made_facts += other.made_facts
        self.facts += other.facts
        if other.usage is not None:
            self.usage = other.usage if self.usage is None else self.usage.plus(other.usage)
