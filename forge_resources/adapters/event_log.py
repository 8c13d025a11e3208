"""Dagster's SQLite event log with its engines and connections kept.

The storage it extends makes a new SQLAlchemy engine and connection for every statement; a run of sixteen steps makes
some five hundred. So no compiled statement is ever reused, and every closing of the last connection folds the
write-ahead log into the file and waits for the disk. Here a shard keeps its engine and a connection, a commit does not
wait for the disk, and the answer that a partition exists is kept for a moment. Other processes share the files as
before: SQLite locks per transaction, and none outlives its statement.

What belongs here: that. What does not: any other storage; with PostgreSQL this is not used.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import StringSource
from dagster._config import Field, UserConfigSchema
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from dagster._utils.concurrency import ConcurrencyClaimStatus
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.pool import ConnectionPoolEntry

from forge_resources.adapters.pool_slots import ReliableSlots

_BUSY_TIMEOUT_SECONDS = 30
_PARTITION_KNOWN_SECONDS = 5.0
"""How long a partition that exists is taken to exist; one that another process removes is gone after that."""
_SLOT_LOOKED_FOR_SECONDS = 0.1
"""A step that waits for its slot in a pool looks so often; Dagster's own second is longer than many a step takes."""
_SHARDS_KEPT = 16
"""Run shards kept open at a time; whoever reads many runs must not keep a file open for each."""


class KeptEngineEventLogStorage(ReliableSlots, SqliteEventLogStorage):
    """The event log below `base_dir`, by default `history/runs` of DAGSTER_HOME."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        self._known_partitions: dict[tuple[str, str], float] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> KeptEngineEventLogStorage:
        default = str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs")
        return cls(config_value.get("base_dir", default), inst_data)

    def has_table(self, table_name: str) -> bool:
        # A table that is there stays there.
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        # One run asks some three hundred times for the two keys of its cell.
        asked = (partitions_def_name, partition_key)
        if self._known_partitions.get(asked, 0.0) > time.monotonic():
            return True
        known = super().has_dynamic_partition(partitions_def_name, partition_key)
        if known:
            self._known_partitions[asked] = time.monotonic() + _PARTITION_KNOWN_SECONDS
        return known

    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        self._known_partitions.pop((partitions_def_name, partition_key), None)
        super().delete_dynamic_partition(partitions_def_name, partition_key)

    def check_concurrency_claim(self, concurrency_key: str, run_id: str, step_key: str) -> ConcurrencyClaimStatus:
        claim: ConcurrencyClaimStatus = super().check_concurrency_claim(concurrency_key, run_id, step_key)
        waiting: ConcurrencyClaimStatus = claim.with_sleep_interval(_SLOT_LOOKED_FOR_SECONDS)
        return waiting

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.get(shard)
        if engine is None:
            engine = self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard),
                pool_size=1,
                max_overflow=-1,
                connect_args={"timeout": _BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _without_waiting_for_the_disk)
            run_shards = [name for name in self._engines if name not in (INDEX_SHARD_NAME, shard)]
            for oldest in run_shards[: max(0, len(run_shards) - _SHARDS_KEPT)]:
                self._engines.pop(oldest).dispose()
        return engine


def _without_waiting_for_the_disk(connection: Any, _: ConnectionPoolEntry) -> None:
    """With a write-ahead log this cannot damage the file; a loss of power may lose the last events before it."""
    connection.execute("PRAGMA synchronous = NORMAL")
