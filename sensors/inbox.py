"""The brief inbox: a new or changed file becomes partitions, observations and one run per wanted cell.

What belongs here: which files are news. What does not: what a brief is (see `forge_resources.briefs`). A faulty file is
reported once per content and never stops the others; a removed file stops nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import dagster as dg
from pydantic import BaseModel, ValidationError
from upath import UPath

from forge_assets.partitions import MARKET, PERSONA
from forge_jobs.intake import REQUEST_TAG, News, news_of, request_key
from forge_jobs.jobs import produce, storyboard
from forge_resources.adapters.resources import StudioResource
from forge_resources.briefs.check import check_file
from forge_resources.briefs.document import LARGEST_BYTES, SUFFIXES
from forge_resources.briefs.filing import Filed
from forge_resources.errors import Conflict, ForgeError
from forge_resources.schemas.types import sha256_of
from forge_resources.store.files import write_bytes
from forge_resources.studio import Studio

FILES_A_TICK = 50
"""Files read in one tick, so that a thousand dropped at once neither exceed its time limit nor starve the others."""

_SETTLE_SECONDS = 1.0
"""A file younger than this may still be being copied."""


class SeenFile(BaseModel):
    """A file as it was last seen: its stamp (time and size), the hash of its content, the brief it holds if sound."""

    stamp: str
    sha256: str
    brief: str | None = None


class Seen(BaseModel):
    """The sensor's cursor: the files seen, by name."""

    files: dict[str, SeenFile] = {}

    @classmethod
    def parse(cls, cursor: str | None) -> Seen:
        if not cursor:
            return cls()
        try:
            return cls.model_validate_json(cursor)
        except ValidationError:
            # An older form: reading everything again files nothing twice.
            return cls()


@dataclass
class Gathered:
    """What one tick hands to Dagster."""

    runs: list[dg.RunRequest] = field(default_factory=list)
    markets: list[str] = field(default_factory=list)
    personas: list[str] = field(default_factory=list)
    observations: list[dg.AssetObservation] = field(default_factory=list)
    faulty: list[str] = field(default_factory=list)

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
def brief_inbox(context: dg.SensorEvaluationContext, studio: StudioResource) -> dg.SensorResult:
    house = studio.studio
    seen = Seen.parse(context.cursor)
    gathered = Gathered()
    for place, stamp in _news(house.settings.inbox, seen)[:FILES_A_TICK]:
        _take(context, house, seen, place, stamp, gathered)
    return dg.SensorResult(
        run_requests=gathered.runs,
        dynamic_partitions_requests=[
            request
            for request in (MARKET.build_add_request(gathered.markets), PERSONA.build_add_request(gathered.personas))
            if request.partition_keys
        ],
        asset_events=gathered.observations,
        cursor=seen.model_dump_json(),
        skip_reason=None
        if gathered.runs
        else dg.SkipReason("; ".join(gathered.faulty) or f"nothing new in {house.settings.inbox}"),
    )


def _news(inbox: UPath, seen: Seen) -> list[tuple[UPath, str]]:
    """The briefs whose stamp has changed, oldest name first, with their stamps."""
    if not inbox.exists():
        return []
    found = []
    now = time.time()
    for place in sorted(inbox.iterdir(), key=lambda place: place.name):
        if place.name.startswith(".") or not place.name.lower().endswith(SUFFIXES):
            continue
        try:
            status = place.stat()
        except FileNotFoundError:
            continue  # Removed while looking.
        stamp = f"{status.st_mtime}:{status.st_size}"
        known = seen.files.get(place.name)
        if (known is None or known.stamp != stamp) and not 0 <= now - status.st_mtime < _SETTLE_SECONDS:
            found.append((place, stamp))
    return found


def _take(
    context: dg.SensorEvaluationContext, house: Studio, seen: Seen, place: UPath, stamp: str, gathered: Gathered
) -> None:
    """Reads one file and files it, or reports what is wrong with it."""
    known = seen.files.get(place.name)
    try:
        if not place.is_file():
            return
        # One byte more than allowed is enough to see that it is too much.
        with place.open("rb") as stream:
            data = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        return
    except PermissionError as error:
        data = str(error).encode()
    digest = sha256_of(data.hex())
    if known is not None and known.sha256 == digest:
        seen.files[place.name] = known.model_copy(update={"stamp": stamp})
        return
    try:
        checked = check_file(place, house.library, house.profiles, data)
        _refuse_taken_slug(seen, place, checked.brief.brief)
        filed = house.filing.file(checked, str(place))
    except ForgeError as error:
        context.log.warning(str(error))
        gathered.faulty.append(f"{place.name} is faulty, see {place.name}.errors.txt")
        write_bytes(_errors_file(place), f"{error}\n".encode())
        seen.files[place.name] = SeenFile(stamp=stamp, sha256=digest)
        return
    _errors_file(place).unlink(missing_ok=True)
    news = news_of(context.instance, filed)
    gathered.add(news, _runs(context.instance, filed))
    seen.files[place.name] = SeenFile(stamp=stamp, sha256=digest, brief=filed.manifest.slug)
    context.log.info(f"{place.name}: filed {filed.manifest.slug} with {len(filed.manifest.cells)} cells")


def _refuse_taken_slug(seen: Seen, place: UPath, slug: str) -> None:
    for name, other in seen.files.items():
        if other.brief == slug and name != place.name and (place.parent / name).exists():
            raise Conflict(
                f"{place.name} calls its brief `{slug}`, and so does {name}.", remedy="Rename one, or remove one file."
            )


def _errors_file(place: UPath) -> UPath:
    return place.parent / f"{place.name}.errors.txt"


def _runs(instance: dg.DagsterInstance, filed: Filed) -> list[dg.RunRequest]:
    """A run for every wanted cell whose content nobody has been asked to make yet."""
    job = storyboard if filed.manifest.brief.approval == "required" else produce
    requests = []
    for cell in filed.manifest.cells:
        key = request_key(filed, cell)
        if instance.get_runs_count(dg.RunsFilter(tags={REQUEST_TAG: key})) == 0:
            tags = {REQUEST_TAG: key, "forge/brief": cell.brief}
            requests.append(dg.RunRequest(run_key=key, job_name=job.name, partition_key=cell.partition_key, tags=tags))
    return requests
