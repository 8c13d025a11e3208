"""The log as JSON lines, beside the readable one: one object a line, with run, brief, market, persona, stage, shot and
recipe wherever they are known.

What belongs here: what a line says, where it goes, and what is bound to a context. What does not: what is worth a line
(whoever does it logs to a `forge.…` logger).
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

from forge_resources.errors import InvalidInput
from forge_resources.secrets import redacted

DESTINATIONS = ("file", "stderr", "off")
_DAYS_KEPT = 30
_TELLERS_OF_ADDRESSES = ("httpx", "httpcore")
"""They say the whole address of every request, in which a password may stand, wherever anybody listens."""
_OF_LOGGING = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_bound: ContextVar[Mapping[str, object]] = ContextVar("forge_log_fields", default=MappingProxyType({}))


@contextmanager
def log_fields(**fields: object) -> Iterator[None]:
    """Within the block, every line carries these fields too."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def bound_fields() -> Mapping[str, object]:
    """What is bound to this context."""
    return _bound.get()


class JsonLine(logging.Formatter):
    """A record as one line of JSON: `time` (UTC), `level`, `logger`, `message`, what is bound, what is said with it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_bound.get(),
            **{name: value for name, value in vars(record).items() if name not in _OF_LOGGING},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return redacted(json.dumps(line, ensure_ascii=False, default=str))


class DailyFile(logging.Handler):
    """Appends to one file a day. Several processes write the same one: a line is one write, and appends do not mix.

    What cannot be written (a full disk) is said once on standard error; work does not stop for it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._day = ""
        self._stream: TextIO | None = None
        self._said = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            stream = self._of_today(time.strftime("%Y-%m-%d", time.gmtime(record.created)))
            stream.write(self.format(record) + "\n")
            stream.flush()
            self._said = False
        except OSError as error:
            self._stream = None
            if not self._said:
                self._said = True
                sys.stderr.write(f"the log in {self._folder} cannot be written: {error}\n")

    def _of_today(self, day: str) -> TextIO:
        if self._stream is None or day != self._day:
            self.close_stream()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._stream = (self._folder / f"forge-{day}.jsonl").open("a", encoding="utf-8")
            self._day = day
            _remove_old(self._folder, day)
        return self._stream

    def close_stream(self) -> None:
        """Lets go of the file."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()
            self._stream = None

    def close(self) -> None:
        self.close_stream()
        super().close()


def open_log(home: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Sends what the `forge` loggers of this process say where FORGE_LOG says: `file` (`<home>/logs`), `stderr`, `off`.

    FORGE_LOG_LEVEL is `debug`, `info`, `warning` or `error`. Calling it again replaces what it did before. Raises
    InvalidInput for anything else.
    """
    destination = environment.get("FORGE_LOG") or "file"
    level = (environment.get("FORGE_LOG_LEVEL") or "info").upper()
    if destination not in DESTINATIONS:
        raise InvalidInput(f"FORGE_LOG is `{destination}`.", remedy=f"Known: {', '.join(DESTINATIONS)}.")
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise InvalidInput(f"FORGE_LOG_LEVEL is `{level.lower()}`.", remedy="Known: debug, info, warning, error.")
    for name in _TELLERS_OF_ADDRESSES:
        logging.getLogger(name).setLevel(logging.WARNING)
    root = logging.getLogger("forge")
    for handler in [handler for handler in root.handlers if isinstance(handler.formatter, JsonLine)]:
        root.removeHandler(handler)
        handler.close()
    if destination == "off":
        return
    made: logging.Handler = DailyFile(home / "logs") if destination == "file" else _OwnStderr()
    made.setFormatter(JsonLine())
    made.setLevel(level)
    root.addHandler(made)
    root.setLevel(level)
    # Readable lines are the business of whoever runs: Python's last resort, which shows warnings, goes on doing that.
    if not any(isinstance(handler, _Readable) for handler in root.handlers):
        root.addHandler(_Readable())


class _OwnStderr(logging.StreamHandler[Any]):
    """Standard error as the process was started with; Dagster redirects the descriptor while a step is going on."""

    def __init__(self) -> None:
        super().__init__(os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, encoding="utf-8"))


class _Readable(logging.StreamHandler[Any]):
    """Warnings and worse as plain text on standard error, where nobody else shows them."""

    def __init__(self) -> None:
        super().__init__()
        self.setLevel(logging.WARNING)
        self.setFormatter(_RedactedText("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.getLogger().handlers:
            super().emit(record)


class _RedactedText(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def _remove_old(folder: Path, today: str) -> None:
    """Files of a month ago and older go."""
    oldest = (datetime.fromisoformat(today) - timedelta(days=_DAYS_KEPT)).date().isoformat()
    for file in folder.glob("forge-????-??-??.jsonl"):
        if file.stem.removeprefix("forge-") < oldest:
            file.unlink(missing_ok=True)
