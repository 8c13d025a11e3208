"""Recipe and artefact: how something was made, and what came out.

What belongs here: the two contracts and the fingerprint. What does not: making and keeping (see `store`).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from forge_resources.schemas.types import Document, EngineKind, Sha256, Slug, Tier, sha256_of


class Recipe(Document):
    """Every effective parameter of one act of making. What is not in here must not change the bytes.

    `parameters` is the JSON form of the engine's own parameter contract; `sources` names the artefacts that went in
    by their SHA-256.
    """

    kind: EngineKind
    engine: Slug
    version: Annotated[str, Field(min_length=1)]
    tier: Tier
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$")]
    parameters: dict[str, Any]
    sources: dict[str, Sha256] = {}

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the canonical JSON of the recipe."""
        return sha256_of(self.model_dump(mode="json"))


class RecipesUsed(Document):
    """The fingerprints of everything that a stage of a cell made or found, whether or not its document names it."""

    recipes: list[Sha256]


class Artefact(Document):
    """Bytes in the store, addressed by their SHA-256; `facts` are what its engine measured while making it."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0)]
    suffix: Annotated[str, Field(pattern=r"^\.[a-z0-9]+$")]
    media_type: str
    fingerprint: Sha256
    tier: Tier
    facts: dict[str, Any] = {}
