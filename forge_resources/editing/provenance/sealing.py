"""Having a finished file signed: the manifest in it where the container can hold one, else beside it.

What belongs here: which recipe a signature has. What does not: signing (see `signing`), the words (see `manifest`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from forge_resources.editing.provenance.credentials import Identity, identity
from forge_resources.editing.provenance.manifest import Making, SignParameters, c2pa_definition, signer_name
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.delivery import DeliveryProfile
from forge_resources.schemas.recipe import Artefact
from forge_resources.schemas.types import Tier
from forge_resources.store.tally import Tally
from forge_resources.studio import Studio


@dataclass(frozen=True)
class Sealed:
    """A signed file; `sidecar` is its manifest where that is not inside."""

    file: Artefact
    sidecar: Artefact | None
    making: Making
    identity: Identity


def making_of(
    brief: CellBrief,
    profile: DeliveryProfile,
    title: str,
    package: Artefact,
    tier: Tier,
    parts: Sequence[tuple[str, Artefact]],
) -> Making:
    """What is said about a package; `parts` are what engines generated for it."""
    return Making(
        title=title,
        media_type=package.media_type,
        cell=str(brief.cell),
        profile=profile.slug,
        tier=tier,
        engines=brief.market_brief.engines.model_dump(),
        seed=brief.market_brief.seed,
        parts=parts,
        recipe=package.fingerprint,
        content=package.sha256,
    )


def seal(studio: Studio, tally: Tally, profile: DeliveryProfile, package: Artefact, making: Making) -> Sealed:
    """The package with its manifest. Raises InvalidInput for a key that cannot be used, EngineFailed."""
    who = identity(studio.settings.home)
    parameters = SignParameters(
        manifest=json.dumps(c2pa_definition(making), sort_keys=True),
        media_type=making.media_type,
        certificate=who.fingerprint,
        development=who.development,
    )
    engine = studio.workshop.engine("edit", signer_name(profile.container, profile.provenance))
    signed = tally.add(studio.workshop.make(engine, parameters, {"file": package}))
    if profile.provenance == "sidecar":
        return Sealed(package, signed, making, who)
    return Sealed(signed, None, making, who)
