"""The worker of one device: takes requests over a private socket and has a child do them, one at a time, in order.

What belongs here: who may ask, who is next, when to leave. What does not: how one job is seen through (see `floor`).
This process never loads torch and never touches the device, so nothing that happens there can end it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection
from typing import Any

from filelock import FileLock, Timeout

from forge_resources.errors import Conflict, ForgeError, Unavailable
from forge_resources.gpu.doing import as_message
from forge_resources.gpu.floor import Floor
from forge_resources.gpu.meter import Meter, meter_of
from forge_resources.gpu.protocol import LARGEST_BYTES, Job, parse_request, say, shaken
from forge_resources.gpu.runtime_folder import RuntimeFolder
from forge_resources.gpu.ticket import Ticket

log = logging.getLogger("forge.gpu")

_LOOK_S = 0.2
_LONGEST_QUEUE = 10_000


class Supervisor:
    """One worker. `serve` returns when it is idle for `idle_s`, or was told to stop."""

    def __init__(self, folder: RuntimeFolder, *, idle_s: float, tolerance: int, meter: Meter | None = None) -> None:
        self.folder = folder
        self.idle_s = idle_s
        self._floor = Floor(folder.device, meter or meter_of(folder.device), tolerance)
        self._queue: deque[Ticket] = deque()
        self._turn = threading.Condition()
        self._current: Ticket | None = None
        self._leaving = threading.Event()
        self._last = time.monotonic()
        self._began = time.monotonic()

    def serve(self, on_ready: Callable[[], None]) -> bool:
        """Serves until it is time to leave, and says when it can be asked. False where another worker of this device
        is running already. Raises OSError where its folder cannot be written to.
        """
        self.folder.prepare()
        lock = FileLock(self.folder.lock, mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_ready()
            return False
        try:
            # Whoever had the lock before is gone, so is the worth of what it left.
            self.folder.sweep()
            self.folder.scratch.mkdir(mode=0o700)
            key = self.folder.write_key()
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
                listening.bind(str(self.folder.socket))
                self.folder.socket.chmod(0o600)
                listening.listen(64)
                on_ready()
                worker = threading.Thread(target=self._work, name="floor")
                worker.start()
                try:
                    self._accept(listening, key)
                finally:
                    # First the socket: whoever comes now finds none and starts a worker of its own.
                    self.folder.clear()
                    self.leave(now=True)
                    worker.join()
        finally:
            self._floor.close()
            self.folder.sweep()
            lock.release()
        log.info("left")
        return True

    def leave(self, *, now: bool) -> None:
        """Leaves when the queue is empty; `now`: stops what is going on and drops what waits."""
        with self._turn:
            self._leaving.set()
            if now:
                for ticket in self._queue:
                    ticket.cancel("the worker was told to stop")
                if self._current is not None:
                    self._current.cancel("the worker was told to stop")
            self._turn.notify_all()

    def _accept(self, listening: socket.socket, key: bytes) -> None:
        while True:
            with self._turn:
                busy = bool(self._queue) or self._current is not None
                idle = time.monotonic() - self._last > self.idle_s
                # A sweep of old files may take socket or key; then nobody new can come.
                if not busy and (idle or self._leaving.is_set() or not self.folder.is_there()):
                    return
            ready, _, _ = select.select([listening], [], [], _LOOK_S)
            if ready:
                opened, _ = listening.accept()
                threading.Thread(target=self._talk, args=(opened, key), daemon=True).start()

    def _talk(self, opened: socket.socket, key: bytes) -> None:
        """One peer, from its handshake to its end."""
        try:
            connection = shaken(opened, key, serving=True)
        except (OSError, EOFError, AuthenticationError, ValueError, AssertionError) as error:
            log.warning("a peer was refused: %s", error or type(error).__name__)
            return
        ticket: Ticket | None = None
        try:
            while True:
                data = connection.recv_bytes(LARGEST_BYTES)
                ticket = self._hear(connection, data, ticket)
        except (EOFError, OSError):
            pass  # It has gone.
        finally:
            if ticket is not None:
                ticket.cancel("whoever asked has gone")
            with contextlib.suppress(OSError):
                connection.close()

    def _hear(self, connection: Connection, data: bytes, ticket: Ticket | None) -> Ticket | None:
        """Answers one message. Returns the ticket that the peer waits for, if there is one."""
        try:
            request = parse_request(data)
            if request.ask == "status":
                say(connection, {"say": "status", **self.status()})
            elif request.ask == "stop":
                self.leave(now=request.now)
                say(connection, {"say": "stopping", "waiting": len(self._queue)})
            elif request.ask == "cancel":
                if ticket is not None:
                    ticket.cancel("it was cancelled")
            else:
                if ticket is not None and not ticket.done.is_set():
                    raise Conflict("One request at a time over one connection.")
                return self._take_in(request, connection)
        except ForgeError as error:
            say(connection, as_message(error))
        return ticket

    def _take_in(self, job: Job, connection: Connection) -> Ticket:
        ticket = Ticket(job, connection)
        with self._turn:
            if self._leaving.is_set():
                raise Unavailable("The worker is leaving.", details={"fault": "leaving"})
            if len(self._queue) >= _LONGEST_QUEUE:
                raise Unavailable(f"{_LONGEST_QUEUE} requests wait for the device already.")
            ahead = len(self._queue) + (self._current is not None)
            if ahead:
                ticket.say({"say": "queued", "ahead": ahead})
            self._queue.append(ticket)
            self._turn.notify_all()
        return ticket

    def _work(self) -> None:
        """First come, first served."""
        while True:
            with self._turn:
                while not self._queue and not self._leaving.is_set():
                    self._turn.wait()
                if not self._queue:
                    return
                self._current = ticket = self._queue.popleft()
            try:
                self._floor.see_through(ticket)
            except Exception as error:
                # A fault of this program: whoever asked hears of it, and the next one is served.
                log.exception("a request could not be seen through")
                ticket.reply(as_message(Unavailable(f"The worker failed: {type(error).__name__}: {error}.")))
                self._floor.abandon()
            finally:
                with self._turn:
                    self._current = None
                    self._last = time.monotonic()

    def status(self) -> dict[str, Any]:
        """How the worker is, as JSON values."""
        with self._turn:
            queue = [ticket.label for ticket in self._queue]
            current = self._current
            quiet = time.monotonic() - self._last
        return {
            "pid": os.getpid(),
            "uptime_s": round(time.monotonic() - self._began, 1),
            "idle_s": 0.0 if current is not None else round(quiet, 1),
            "leaves_after_s": self.idle_s,
            "queue": queue,
            "current": current.status() if current is not None else None,
            "log": str(self.folder.log),
            **self._floor.status(),
        }


def run(
    device: str, environment: Mapping[str, str], *, idle_s: float, tolerance: int, on_ready: Callable[[], None]
) -> None:
    """The program of the worker's process. See `Supervisor.serve`."""
    folder = RuntimeFolder.of(device, environment)
    # Where `multiprocessing` puts the socket of the fork server. It is set in this process alone, not in its children.
    tempfile.tempdir = str(folder.scratch)
    supervisor = Supervisor(folder, idle_s=idle_s, tolerance=tolerance)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: threading.Thread(target=supervisor.leave, kwargs={"now": True}).start())
    supervisor.serve(on_ready)
