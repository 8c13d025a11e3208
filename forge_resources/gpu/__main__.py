"""`python -m forge_resources.gpu DEVICE`: starts the worker of a device, detached from whoever starts it.

It returns when the worker answers, and fails with the reason where it does not get there.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import BinaryIO

from forge_resources.gpu.limits import idle_seconds, tolerance_bytes
from forge_resources.gpu.runtime_folder import RuntimeFolder
from forge_resources.gpu.supervisor import run

_READY = b"ready"


def main() -> int:
    """Two processes on: the one that stays has no terminal, no parent that waits and a session of its own."""
    device = sys.argv[1]
    folder = RuntimeFolder.of(device)
    folder.prepare()
    idle_s, tolerance = idle_seconds(), tolerance_bytes()
    hears, tells = os.pipe()
    if os.fork():
        os.close(tells)
        return _how_it_went(hears)
    os.close(hears)
    os.setsid()
    if os.fork():
        os._exit(0)
    waited_for = os.fdopen(tells, "wb")
    try:
        _detach(folder)
        run(device, os.environ, idle_s=idle_s, tolerance=tolerance, on_ready=lambda: _tell(waited_for, _READY))
    except Exception as error:
        if not waited_for.closed:
            _tell(waited_for, str(error).encode())
        raise
    return 0


def _detach(folder: RuntimeFolder) -> None:
    os.chdir("/")
    folder.begin_log()
    log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 -- a device, not a file
        os.dup2(nothing.fileno(), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")


def _tell(waits: BinaryIO, what: bytes) -> None:
    with suppress(BrokenPipeError), waits:
        waits.write(what)


def _how_it_went(hears: int) -> int:
    with os.fdopen(hears, "rb") as stream:
        said = stream.read()
    if said == _READY:
        return 0
    print(said.decode() or "It ended while it was started.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
