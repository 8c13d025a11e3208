"""Library changes: a changed market, persona or brand makes stale exactly the cells that draw on it.

What belongs here: resolving filed briefs again when the library's content or an engine changed. What
does not: making anything; an editor of the library decides when to rerun what is stale.
"""

from __future__ import annotations

import dagster as dg

from forge_jobs.intake import news_of
from forge_resources.adapters.resources import StudioResource
from forge_resources.errors import ForgeError
from forge_resources.schemas.types import sha256_of
from forge_resources.studio import Studio


@dg.sensor(
    name="library_changes",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches the reference library and tells which market briefs and personas changed.",
)
def library_changes(context: dg.SensorEvaluationContext, studio: StudioResource) -> dg.SensorResult | dg.SkipReason:
    house = studio.studio
    try:
        content = _content(house)
    except ForgeError as error:
        context.log.error(str(error))
        return dg.SkipReason(f"the library is faulty: {error.message}")
    if context.cursor == content:
        return dg.SkipReason("the library has not changed")
    observations: dict[tuple[dg.AssetKey, str | None], dg.AssetObservation] = {}
    for slug in house.filing.briefs():
        try:
            news = news_of(context.instance, house.filing.refile(slug))
        except ForgeError as error:
            context.log.warning(f"{slug}: {error}")
            continue
        observations |= {(event.asset_key, event.partition): event for event in news.observations}
    return dg.SensorResult(
        asset_events=list(observations.values()),
        cursor=content,
        skip_reason=dg.SkipReason(f"{len(observations)} market briefs and personas changed"),
    )


def _content(house: Studio) -> str:
    """Names everything besides the briefs that goes into their resolved documents."""
    return sha256_of(
        [
            house.library.content_hash(),
            house.settings.engines.model_dump(),
            house.engine_versions(),
            house.profile_versions(),
        ]
    )
