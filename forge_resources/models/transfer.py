"""Fetching a file over HTTP: in parallel parts, resumed where it was left off.

What belongs here: ranges, parts, the journal beside a half-fetched file, retries. What does not: hashes (see
`installation`) or which files (see `sources`).

A file is written to its place in the incoming folder; `<file>.journal` says which bytes are there. Both stay when it
is interrupted. The journal is removed when the file is whole.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import httpx

from forge_resources.errors import TimedOut, Unavailable
from forge_resources.models.manifest import RemoteFile
from forge_resources.models.sources import refused, unreachable
from forge_resources.store.files import disk_trouble_told

OnBytes = Callable[[int], None]
"""Told of every piece of so many bytes."""


@dataclass(frozen=True)
class Manners:
    """How to fetch: connections at once, bytes of a part, attempts of a part, seconds before the second attempt.

    `journal_every`: bytes of a part after which its progress is written down.
    """

    connections: int = 4
    part_size: int = 64 * 1024 * 1024
    attempts: int = 5
    pause_s: float = 0.5
    journal_every: int = 8 * 1024 * 1024


class _Stopped(Exception):
    """Another part failed, or the caller has gone."""


class _NoRanges(Exception):
    """The source sends whole files only."""


class _Part:
    """Bytes `start` up to `end` (excluded) of a file, of which `done` are there."""

    def __init__(self, start: int, end: int, done: int = 0) -> None:
        self.start, self.end, self.done = start, end, done


class Fetch:
    """One file on its way to `target`."""

    def __init__(
        self, client: httpx.Client, file: RemoteFile, target: Path, manners: Manners, on_bytes: OnBytes
    ) -> None:
        self._client, self._file, self._target = client, file, target
        self._manners, self._on_bytes = manners, on_bytes
        self._journal = target.with_name(f"{target.name}.journal")
        self._content = file.sha256 or file.git_sha1
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def size(self) -> int:
        """Bytes of the file, as announced or asked for. Raises what `run` raises."""
        return self._file.size if self._file.size is not None else self._ask_size()

    def run(self) -> None:
        """Fetches what is missing. Raises NotFound, Unavailable, TimedOut; what was fetched stays for the next call."""
        self._target.parent.mkdir(parents=True, exist_ok=True)
        size = self.size()
        parts = self._parts(size)
        for part in parts:
            self._on_bytes(part.done)
        with disk_trouble_told(self._target), self._target.open("ab"):
            pass
        handle = os.open(self._target, os.O_WRONLY)
        try:
            with disk_trouble_told(self._target):
                self._fetch_all(parts, handle, size)
                os.fsync(handle)
        finally:
            os.close(handle)
        if self._target.stat().st_size != size:
            raise self._lied(f"{self._target.stat().st_size:,} bytes came, {size:,} were announced")
        self._journal.unlink(missing_ok=True)

    def _ask_size(self) -> int:
        with self._open({"Range": "bytes=0-0"}) as response:
            total = response.headers.get("Content-Range", "").rpartition("/")[2]
            length = response.headers.get("Content-Length", "") if response.status_code == 200 else total
        if not length.isdigit():
            raise self._lied("it does not say how long it is")
        return int(length)

    def _parts(self, size: int) -> list[_Part]:
        """The parts as the journal has them, or fresh ones."""
        try:
            kept = json.loads(self._journal.read_text(encoding="utf-8"))
            if (kept["size"], kept["content"]) == (size, self._content) and self._target.is_file():
                return [_Part(start, end, min(done, end - start)) for start, end, done in kept["parts"]]
        except (OSError, ValueError, KeyError, TypeError):
            pass  # There is none, or it is damaged: from the beginning.
        self._target.unlink(missing_ok=True)
        step = self._manners.part_size
        return [_Part(start, min(start + step, size)) for start in range(0, size, step)]

    def _note(self, parts: list[_Part], size: int) -> None:
        with self._lock:
            state = {
                "size": size,
                "content": self._content,
                "parts": [[part.start, part.end, part.done] for part in parts],
            }
            temporary = self._journal.with_name(f"{self._journal.name}.new")
            temporary.write_text(json.dumps(state), encoding="utf-8")
            temporary.replace(self._journal)

    def _fetch_all(self, parts: list[_Part], handle: int, size: int) -> None:
        open_parts = [part for part in parts if part.done < part.end - part.start]
        with ThreadPoolExecutor(max_workers=min(self._manners.connections, max(1, len(open_parts)))) as pool:
            tasks = [pool.submit(self._fetch_part, part, parts, handle, size) for part in open_parts]
            try:
                wait(tasks, return_when=FIRST_EXCEPTION)
            finally:
                # Reached by Ctrl-C too: the others end at their next piece.
                self._stop.set()
        failures = [error for task in tasks if (error := task.exception())]
        self._note(parts, size)
        told = [error for error in failures if not isinstance(error, _Stopped)]
        if any(isinstance(error, _NoRanges) for error in told):
            self._fetch_whole(parts, handle, size)
        elif told:
            raise told[0]

    def _fetch_part(self, part: _Part, parts: list[_Part], handle: int, size: int) -> None:
        fruitless = 0
        while True:
            before = part.done
            try:
                self._stream_part(part, parts, handle, size)
                return
            except (httpx.TransportError, httpx.StreamError) as error:
                self._note(parts, size)
                # An attempt that brought something does not count: a slow line is not a dead one.
                fruitless = 0 if part.done > before else fruitless + 1
                if fruitless >= self._manners.attempts:
                    if isinstance(error, httpx.TimeoutException):
                        raise TimedOut(f"{self._file.path}: the source went silent.", remedy=_AGAIN) from error
                    raise unreachable(self._file.path, self._file.url, error) from error
                if self._stop.wait(self._manners.pause_s * 2**fruitless):
                    raise _Stopped from None

    def _stream_part(self, part: _Part, parts: list[_Part], handle: int, size: int) -> None:
        first = part.start + part.done
        with self._open({"Range": f"bytes={first}-{part.end - 1}"}) as response:
            if response.status_code == 416:
                raise self._lied(f"it has no byte {first:,}, {size:,} were announced")
            if response.status_code != 206:
                raise _NoRanges
            said = response.headers.get("Content-Range", "").rpartition("/")[2]
            if said.isdigit() and int(said) != size:
                raise self._lied(f"it is {int(said):,} bytes long, {size:,} were announced")
            noted = part.done
            for piece in response.iter_bytes():
                if self._stop.is_set():
                    raise _Stopped
                if part.done + len(piece) > part.end - part.start:
                    raise self._lied("more bytes came than were asked for")
                os.pwrite(handle, piece, part.start + part.done)
                part.done += len(piece)
                self._on_bytes(len(piece))
                if part.done - noted >= self._manners.journal_every:
                    noted = part.done
                    self._note(parts, size)
        if part.done < part.end - part.start:
            raise httpx.ReadError("the answer ended early")

    def _fetch_whole(self, parts: list[_Part], handle: int, size: int) -> None:
        """From the beginning in one stream: the source does not serve ranges."""
        self._on_bytes(-sum(part.done for part in parts))
        parts[:] = [_Part(0, size)]
        os.ftruncate(handle, 0)
        with self._open({}) as response:
            for piece in response.iter_bytes():
                if parts[0].done + len(piece) > size:
                    raise self._lied("more bytes came than were announced")
                os.pwrite(handle, piece, parts[0].done)
                parts[0].done += len(piece)
                self._on_bytes(len(piece))

    def _open(self, headers: dict[str, str]) -> _Opened:
        return _Opened(self._client, self._file, headers, self._manners)

    def _lied(self, how: str) -> Unavailable:
        self._journal.unlink(missing_ok=True)
        self._target.unlink(missing_ok=True)
        return Unavailable(f"{self._file.path} is not what the source announced: {how}.", remedy=_AGAIN)


class _Opened:
    """An answer that is being read; a status of trouble is an error, one that passes is tried again."""

    def __init__(self, client: httpx.Client, file: RemoteFile, headers: dict[str, str], manners: Manners) -> None:
        self._client, self._file, self._manners = client, file, manners
        # Compressed ranges could not be put together.
        self._headers = {**file.headers, "Accept-Encoding": "identity", **headers}
        self._response: httpx.Response | None = None

    def __enter__(self) -> httpx.Response:
        for attempt in range(1, self._manners.attempts + 1):
            request = self._client.build_request("GET", self._file.url, headers=self._headers)
            response = self._client.send(request, stream=True, follow_redirects=True)
            if response.status_code not in (429, 500, 502, 503, 504) or attempt == self._manners.attempts:
                break
            response.close()
            time.sleep(_pause(response, self._manners.pause_s * 2 ** (attempt - 1)))
        self._response = response
        if response.status_code == 416:
            return response
        if trouble := refused(self._file.path, response.status_code, self._file.url, "HF_TOKEN or CIVITAI_API_TOKEN"):
            response.close()
            raise trouble
        return response

    def __exit__(self, *_: object) -> None:
        if self._response is not None:
            self._response.close()


def _pause(response: httpx.Response, otherwise: float) -> float:
    """Seconds to wait, as the source asks where it does, a minute at most."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), 60.0) if asked.isdigit() else otherwise


_AGAIN = "Run the same command again; it goes on from what was fetched."
