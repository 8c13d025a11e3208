"""Running ffmpeg: the one of imageio-ffmpeg, without deadlocks, and with errors a person can act on.

What belongs here: finding it, running it, piping raw pictures into and out of it. What does not: which filters and
codecs are wanted (see `render`, `sound`, `probe`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Protocol

import imageio_ffmpeg

from forge_resources.errors import EngineFailed, ForgeError, OutOfMemory, TimedOut, Unavailable

_TAIL_LINES = 6
_BASE = ("-hide_banner", "-nostdin", "-y")


@dataclass(frozen=True)
class Finished:
    """What a run of ffmpeg said: its standard output, and its messages."""

    output: bytes
    messages: str


class Sink(Protocol):
    """Takes raw bytes, such as a finished frame."""

    def write(self, data: bytes | memoryview) -> None: ...


@cache
def executable() -> str:
    """The path of ffmpeg. Raises Unavailable where imageio-ffmpeg has none for this machine."""
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise Unavailable(f"There is no ffmpeg: {error}", remedy="Install the package imageio-ffmpeg.") from None


@cache
def version() -> str:
    """The version that ffmpeg reports, such as `7.1` or a build's own name."""
    first = run(["-version"], limit_s=30).output.decode(errors="replace").splitlines()[0]
    return first.removeprefix("ffmpeg version ").split(" ")[0]


def address(path: Path) -> str:
    """A path as ffmpeg takes it: never for an option, a protocol or a pattern, whatever it is called."""
    return f"file:{path.absolute()}"


def run(arguments: Sequence[str], *, limit_s: float = 600) -> Finished:
    """Runs ffmpeg to its end. Raises EngineFailed, TimedOut, OutOfMemory or Unavailable (disk full)."""
    try:
        done = subprocess.run(
            [executable(), *_BASE, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimedOut(f"ffmpeg did not finish within {limit_s:g} s.") from None
    messages = done.stderr.decode(errors="replace")
    if done.returncode != 0:
        raise failure(done.returncode, messages)
    return Finished(done.stdout, messages)


def failure(status: int, messages: str) -> ForgeError:
    """The error that an exit status and the messages of ffmpeg stand for."""
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    tail = "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:])
    if os.strerror(28) in messages:  # ENOSPC
        return Unavailable(f"The disk is full; ffmpeg said:\n{tail}", remedy="Make room and run it again.")
    if "Cannot allocate memory" in messages:
        return OutOfMemory(f"ffmpeg ran out of memory; it said:\n{tail}")
    if status < 0:
        by = signal.Signals(-status).name
        return EngineFailed(f"ffmpeg was ended by {by}; its last words:\n{tail or '  none'}")
    return EngineFailed(f"ffmpeg ended with status {status}; it said:\n{tail or '  nothing'}")


class _Feed:
    """The writing side of an ffmpeg that reads raw pictures on its standard input."""

    def __init__(self, process: subprocess.Popen[bytes], messages: IO[bytes]) -> None:
        self._process, self._messages = process, messages

    def write(self, data: bytes | memoryview) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
        except BrokenPipeError:
            raise self._failed() from None

    def finish(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            raise self._failed() from None
        if self._process.wait() != 0:
            raise self._failed()

    def _failed(self) -> ForgeError:
        status = self._process.wait()
        self._messages.seek(0)
        return failure(status, self._messages.read().decode(errors="replace"))


@contextmanager
def feeding(arguments: Sequence[str]) -> Iterator[Sink]:
    """An ffmpeg that reads raw bytes from `pipe:0`. On leaving the block it is awaited, or ended if the block failed.

    Its messages go to a file and nothing is read from it, so that neither side can wait for the other.
    """
    with tempfile.TemporaryFile() as messages:
        command = [executable(), "-hide_banner", "-nostats", "-y", *arguments]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=messages, bufsize=0
        ) as process:
            feed = _Feed(process, messages)
            try:
                yield feed
                feed.finish()
            finally:
                _end(process)


@contextmanager
def reading(arguments: Sequence[str]) -> Iterator[IO[bytes]]:
    """An ffmpeg that writes raw bytes to `pipe:1`. The block may stop reading early; ffmpeg is then ended.

    Raises EngineFailed on leaving, if ffmpeg failed by itself.
    """
    with tempfile.TemporaryFile() as messages:
        command = [executable(), *_BASE, "-nostats", *arguments]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages) as process:
            assert process.stdout is not None
            try:
                yield process.stdout
                if not process.stdout.read(1) and (status := process.wait()) != 0:
                    messages.seek(0)
                    raise failure(status, messages.read().decode(errors="replace"))
            finally:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None and not stream.closed:
            _close(stream)
    process.wait()


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        return  # What was left in the buffer was for a process that has ended.
