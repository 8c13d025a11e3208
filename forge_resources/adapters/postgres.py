"""Dagster's storage on PostgreSQL for a deployment that must outlast its database being away.

The storage it extends opens a connection for every statement and gives up after six seconds without a server; a restart
of the database then fails every run that is going on. Here connections are kept and tried before they are used, a
server that is away is waited for, and what may be said twice is said again where the connection broke.

What belongs here: that. What does not: SQL of Dagster's, and any other storage.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import sqlalchemy as db
from dagster import DagsterEventType, EventLogEntry, IntSource
from dagster._config import Field, UserConfigSchema
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.storage.config import pg_config
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._serdes import ConfigurableClassData, serialize_value
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage, PostgresRunStorage
from dagster_postgres.schedule_storage import PostgresScheduleStorage
from dagster_postgres.utils import pg_url_from_config

from forge_resources.adapters.pool_slots import ReliableSlots

log = logging.getLogger("forge.postgres")

PATIENCE_SECONDS = 180
"""How long a server that does not answer is waited for, unless `patience_seconds` says otherwise."""
_PAGE_PATIENCE_SECONDS = 10
"""The same for the webserver: a person looks at the page."""
_LONGEST_PAUSE_SECONDS = 2.0
_CONNECT_SECONDS = 5
_CONNECTIONS_KEPT = 2

_READ = ("get_", "has_", "fetch_", "can_")
_MAY_BE_SAID_TWICE = (
    "add_daemon_heartbeat",
    "add_dynamic_partitions",
    "add_run_tags",
    "add_snapshot",
    "claim_concurrency_slot",
    "delete_dynamic_partition",
    "free_concurrency_slot_for_step",
    "free_concurrency_slots_for_run",
    "handle_run_event",
    "initialize_concurrency_limit_to_default",
    "set_cursor_values",
    "update_instigator_state",
    "update_tick",
)
"""Writes that leave the same behind when they are repeated: updates by key, inserts that give way to what is there."""

Storage = TypeVar("Storage", bound=type)


def _said_again(storage: Storage) -> Storage:
    """Class decorator: every read, and every write that may be said twice, survives a broken connection."""
    for name in dir(storage):
        method = getattr(storage, name)
        if (name.startswith(_READ) or name in _MAY_BE_SAID_TWICE) and callable(method):
            setattr(storage, name, _again(method))
    return storage


def _again(method: Callable[..., Any]) -> Callable[..., Any]:
    """Calls a method once more where its connection broke; connecting anew is what waits for the server."""

    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except db.exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            log.warning("the connection to PostgreSQL broke in %s; said again", method.__name__)
            return method(*args, **kwargs)

    return wrapper


def patient_engine(url: str, patience_s: float) -> db.Engine:
    """An engine that keeps connections, tries one before it is used, and waits for a server that is away.

    Raises SQLAlchemy's OperationalError where it stays away for `patience_s`, and at once for a wrong password.
    """
    engine = db.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=_CONNECTIONS_KEPT,
        max_overflow=-1,
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "keepalives_idle": 20, "keepalives_interval": 5},
    )

    def wait_for_the_server(dialect: Any, _: Any, arguments: Any, parameters: Any) -> Any:
        until = time.monotonic() + patience_s
        pause = 0.1
        while True:
            try:
                return dialect.connect(*arguments, **parameters)
            except dialect.loaded_dbapi.OperationalError as error:
                if time.monotonic() + pause > until or _stays_wrong(str(error)):
                    raise
                log.warning("PostgreSQL does not answer: %s", str(error).strip().splitlines()[0])
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    db.event.listen(engine, "do_connect", wait_for_the_server)
    return engine


def _with_driver(url: str) -> str:
    """The address with the driver that dagster-postgres installs; SQLAlchemy 2.1 takes another where none is named."""
    parsed = db.engine.make_url(url)
    named = parsed if "+" in parsed.drivername else parsed.set(drivername="postgresql+psycopg2")
    return named.render_as_string(hide_password=False)


def _stays_wrong(said: str) -> bool:
    """Whether waiting cannot help: a wrong password, a database or role that does not exist."""
    return "authentication failed" in said or "does not exist" in said


class _Outlasting:
    """What the three storages share: an engine that waits. Mixed in before a storage of dagster-postgres."""

    postgres_url: str
    _engine: db.Engine

    def __init__(self, postgres_url: str, should_autocreate_tables: bool, patience_s: float) -> None:
        # First, because the storage looks at its tables while it is made, and does not wait for long.
        waiting = patient_engine(postgres_url, patience_s)
        waiting.connect().close()
        super().__init__(postgres_url, should_autocreate_tables)  # type: ignore[call-arg]
        self._engine.dispose()
        self._engine = waiting

    def optimize_for_webserver(self, statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
        """Keeps statements of a page short, and does not keep a person waiting for a server that is away."""
        self._engine.dispose()
        self._engine = patient_engine(self.postgres_url, _PAGE_PATIENCE_SECONDS)

        def limit(connection: Any, _: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout = {int(statement_timeout)}")
            connection.commit()

        db.event.listen(self._engine, "connect", limit)

    def dispose(self) -> None:
        super().dispose()  # type: ignore[misc]
        self._engine.dispose()


@_said_again
class PatientEventLogStorage(_Outlasting, ReliableSlots, PostgresEventLogStorage):
    """The event log. An event is stored once, whether or not the connection breaks while it is being told."""

    def store_event(self, event: EventLogEntry) -> None:
        try:
            super().store_event(event)
        except db.exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            log.warning("the connection to PostgreSQL broke while an event was told")
            stored = self._id_of(event)
            if stored is None:
                super().store_event(event)
            else:
                self._finish(event, stored)

    def _id_of(self, event: EventLogEntry) -> int | None:
        table = SqlEventLogStorageTable.c
        same = db.select(table.id).where(table.run_id == event.run_id, table.event == serialize_value(event))
        with self.run_connection(event.run_id) as connection:
            found = connection.execute(same.limit(1)).scalar()
        return None if found is None else int(found)

    def _finish(self, event: EventLogEntry, stored: int) -> None:
        """What follows from an event that is in the log: the latest of its asset, the state of its check."""
        kind = event.dagster_event_type if event.is_dagster_event else None
        if kind in ASSET_EVENTS and event.get_dagster_event().asset_key:
            with self.index_transaction() as connection:
                self._store_asset_event_tags(connection, [event], [stored])
                self._store_asset_event(connection, event, stored)
        # One that is planned is inserted, not updated: it was told before the step, and the step tells its outcome.
        if kind in ASSET_CHECK_EVENTS and kind != DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            self.store_asset_check_event(event, stored)


@_said_again
class PatientRunStorage(_Outlasting, PostgresRunStorage):
    """Runs, their tags, cursors, heartbeats."""


@_said_again
class PatientScheduleStorage(_Outlasting, PostgresScheduleStorage):
    """Ticks and states of sensors and schedules."""


class PatientPostgresStorage(DagsterPostgresStorage):
    """All three on one database; `storage.custom` of `docker/dagster.yaml`."""

    def __init__(self, url: str, autocreate: bool, patience_s: float, inst_data: ConfigurableClassData | None) -> None:
        self.postgres_url = url
        self.should_autocreate_tables = autocreate
        self._inst_data = inst_data
        self._run_storage = PatientRunStorage(url, autocreate, patience_s)
        self._event_log_storage = PatientEventLogStorage(url, autocreate, patience_s)
        self._schedule_storage = PatientScheduleStorage(url, autocreate, patience_s)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {
            **cast("dict[str, Any]", pg_config()),
            "patience_seconds": Field(
                IntSource,
                is_required=False,
                default_value=PATIENCE_SECONDS,
                description="How long a server that does not answer is waited for.",
            ),
        }

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> PatientPostgresStorage:
        return cls(
            _with_driver(pg_url_from_config(config_value)),
            config_value.get("should_autocreate_tables", True),
            config_value.get("patience_seconds", PATIENCE_SECONDS),
            inst_data,
        )
