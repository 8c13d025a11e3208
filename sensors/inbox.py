"""The brief inbox: a new or changed file becomes partitions, observations and one run per wanted cell.

What belongs here: what follows from a file. What does not: which files are news (see `inbox_news`), or what a brief is
(see `forge_resources.briefs`). A faulty file is reported once per content and never stops the others; a removed file
stops nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import dagster as dg
from upath import UPath

from forge_assets.partitions import MARKET, PERSONA
from forge_jobs.intake import REQUEST_TAG, News, news_of, request_key
from forge_jobs.jobs import produce, storyboard
from forge_jobs.own_runs import own_runs
from forge_jobs.queue_order import joining, models_of, side_by_side
from forge_resources.adapters.resources import StudioResource
from forge_resources.briefs.check import check_file
from forge_resources.briefs.filing import Filed
from forge_resources.errors import Conflict, ForgeError, InvalidInput, Unavailable
from forge_resources.schemas.types import sha256_of
from forge_resources.settings import Settings
from forge_resources.store.files import absent_service_told, disk_trouble_told, write_bytes
from forge_resources.studio import Studio
from sensors.inbox_news import (
    Candidate,
    Memory,
    Seen,
    SeenFile,
    candidates,
    news,
    pictures_named,
    read,
    stamps,
)

FILES_A_TICK = 50
CELLS_A_TICK = 500
"""What one tick takes, so that a thousand files dropped at once neither exceed its time limit nor starve the others.
A brief is always taken whole."""


@dataclass
class Gathered:
    """What one tick hands to Dagster."""

    runs: list[dg.RunRequest] = field(default_factory=list)
    markets: list[str] = field(default_factory=list)
    personas: list[str] = field(default_factory=list)
    observations: list[dg.AssetObservation] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def add(self, news: News, runs: list[dg.RunRequest]) -> None:
        self.runs += runs
        self.markets += [key for key in news.markets if key not in self.markets]
        self.personas += [key for key in news.personas if key not in self.personas]
        known = {(event.asset_key, event.partition) for event in self.observations}
        self.observations += [event for event in news.observations if (event.asset_key, event.partition) not in known]


@dg.sensor(
    name="brief_inbox",
    jobs=[produce, storyboard],
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches FORGE_INBOX for briefs.",
)
def brief_inbox(context: dg.SensorEvaluationContext, studio: StudioResource) -> dg.SensorResult | dg.SkipReason:
    house = studio.studio
    inbox = house.settings.inbox
    try:
        library = sha256_of([house.library.content_hash(), sorted(house.profiles)])
    except ForgeError as error:
        # No fault of any brief: they wait until it is mended.
        context.log.error(str(error))
        return dg.SkipReason(f"the library is faulty: {error.message}")
    try:
        with absent_service_told(inbox):
            present = candidates(inbox) if inbox.exists() else None
    except Unavailable as error:
        return dg.SkipReason(f"{inbox} cannot be listed: {error}")
    except OSError as error:
        return dg.SkipReason(f"{inbox} cannot be listed: {error.strerror or error}")
    if present is None:
        return dg.SkipReason(f"there is no {inbox} yet")
    memory = Memory(house.settings)
    tick = _Tick(context, house, memory.recall(context.cursor), library)
    tick.forget_all_but({candidate.name for candidate in present})
    for candidate in news(present, tick.seen, inbox, library)[:FILES_A_TICK]:
        tick.take(candidate)
        if len(tick.gathered.runs) >= CELLS_A_TICK:
            break
    return tick.result(memory.keep(tick.seen, context.cursor))


class _Tick:
    """One look at the inbox."""

    def __init__(self, context: dg.SensorEvaluationContext, house: Studio, seen: Seen, library: str) -> None:
        self.context = context
        self.house = house
        self.inbox = house.settings.inbox
        self.seen = seen
        self.library = library
        self.gathered = Gathered()

    def forget_all_but(self, present: set[str]) -> None:
        """What was removed stops nothing; only what was said of its faults goes with it."""
        for name in self.seen.files.keys() - present:
            if self.seen.files[name].fault is not None:
                self._clear_errors(self.inbox / name)
        self.seen = Seen(files={name: file for name, file in self.seen.files.items() if name in present})

    def take(self, candidate: Candidate) -> None:
        """Reads one file and files it, or reports what is wrong with it."""
        known = self.seen.files.get(candidate.name)
        try:
            with absent_service_told(candidate.place):
                data = read(candidate)
        except InvalidInput as error:
            self._report(candidate, SeenFile(stamp=""), error)
            return
        except Unavailable as error:
            # Not remembered, and so tried again next time.
            self.gathered.troubles.append(str(error))
            return
        if data is None:
            return
        now = SeenFile(stamp=candidate.stamp, sha256=hashlib.sha256(data).hexdigest())
        if known is not None and known.fault is None and known.sha256 == now.sha256:
            now = known.model_copy(update={"stamp": now.stamp, "pictures": stamps(known.pictures, self.inbox)})
            if now.pictures == known.pictures:
                self.seen.files[candidate.name] = now
                return
        self._file(candidate, now, data)

    def _file(self, candidate: Candidate, now: SeenFile, data: bytes) -> None:
        house = self.house
        try:
            checked = check_file(candidate.place, house.library, house.profiles, data, house.store)
            slug = checked.brief.brief
            now = now.model_copy(update={"pictures": stamps(checked.pictures, self.inbox)})
            if holder := self.seen.holder(slug, besides=candidate.name):
                self._report(candidate, now.model_copy(update={"wants": slug}), _taken(candidate.name, slug, holder))
                return
            filed = house.filing.file(checked, str(candidate.place))
        except InvalidInput as error:
            pictures = stamps(pictures_named(data, candidate.name), self.inbox)
            self._report(candidate, now.model_copy(update={"pictures": pictures}), error)
            return
        except (ForgeError, OSError) as error:
            # The brief is sound and something else is not: a full disk, a store that is away. Tried again next time.
            self.context.log.error(f"{candidate.name}: {error}")
            self.gathered.troubles.append(f"{candidate.name} could not be filed: {error}")
            return
        self._clear_errors(candidate.place)
        self.gathered.add(news_of(self.context.instance, filed), _runs(self.context.instance, filed, house.settings))
        self.seen.files[candidate.name] = now.model_copy(update={"brief": slug})
        self.context.log.info(f"{candidate.name}: filed {slug} with {len(filed.manifest.cells)} cells")
        for remark in house.remarks(checked.brief):
            self.context.log.info(f"{candidate.name}: {remark}")

    def _report(self, candidate: Candidate, now: SeenFile, error: ForgeError) -> None:
        """Tells of a fault once per content, and remembers what could mend it."""
        known = self.seen.files.get(candidate.name)
        fault = sha256_of(str(error))
        self.seen.files[candidate.name] = now.model_copy(
            # The slug filed last stays this file's: a slip of the pen must not hand it to another file.
            update={"fault": fault, "library": self.library, "brief": known.brief if known else None}
        )
        if known is not None and (known.fault, known.sha256) == (fault, now.sha256):
            return
        self.context.log.warning(str(error))
        place = _errors_file(candidate.place)
        try:
            with disk_trouble_told(place):
                write_bytes(place, f"{error}\n".encode())
            self.gathered.troubles.append(f"{candidate.name} is faulty, see {candidate.name}.errors.txt")
        except (ForgeError, OSError) as trouble:
            self.context.log.warning(f"{candidate.name}.errors.txt could not be written: {trouble}")
            self.gathered.troubles.append(f"{candidate.name} is faulty: {error.message}")

    def _clear_errors(self, place: UPath) -> None:
        try:
            _errors_file(place).unlink(missing_ok=True)
        except OSError as trouble:
            self.context.log.warning(f"{place.name}.errors.txt could not be removed: {trouble.strerror}")

    def result(self, cursor: str) -> dg.SensorResult:
        """All of it at once: Dagster adds the partitions before it starts runs for them."""
        gathered = self.gathered
        adds = (MARKET.build_add_request(gathered.markets), PERSONA.build_add_request(gathered.personas))
        said = "; ".join(gathered.troubles) or f"nothing new in {self.inbox}"
        return dg.SensorResult(
            run_requests=side_by_side(gathered.runs),
            dynamic_partitions_requests=[request for request in adds if request.partition_keys],
            asset_events=gathered.observations,
            cursor=cursor,
            skip_reason=None if gathered.runs else dg.SkipReason(said),
        )


def _taken(name: str, slug: str, holder: str) -> Conflict:
    return Conflict(
        f"{name} calls its brief `{slug}`, and so does {holder}.",
        remedy="Give one of the briefs another name, or remove one of the files.",
    )


def _errors_file(place: UPath) -> UPath:
    return place.parent / f"{place.name}.errors.txt"


def _runs(instance: dg.DagsterInstance, filed: Filed, settings: Settings) -> list[dg.RunRequest]:
    """A run for every wanted cell whose content nobody has been asked to make yet."""
    place = joining(instance, models_of(filed.manifest.brief, settings.engines))
    job = storyboard if filed.manifest.brief.approval == "required" else produce
    requests = []
    for cell in filed.manifest.cells:
        key = request_key(filed, cell)
        if instance.get_runs_count(own_runs(tags={REQUEST_TAG: key})) == 0:
            tags = {REQUEST_TAG: key, "forge/brief": cell.brief, **place}
            requests.append(dg.RunRequest(run_key=key, job_name=job.name, partition_key=cell.partition_key, tags=tags))
    return requests
