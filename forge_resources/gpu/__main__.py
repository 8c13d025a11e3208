"""`python -m forge_resources.gpu DEVICE`: starts the worker of a device, detached from whoever starts it."""

from __future__ import annotations

import logging
import os
import sys

from forge_resources.gpu.limits import idle_seconds, tolerance_bytes
from forge_resources.gpu.runtime_folder import RuntimeFolder
from forge_resources.gpu.supervisor import run


def main() -> int:
    """Two processes on: the one that stays has no terminal, no parent that waits and a session of its own."""
    device = sys.argv[1]
    folder = RuntimeFolder.of(device)
    folder.prepare()
    idle_s, tolerance = idle_seconds(), tolerance_bytes()
    if os.fork():
        return 0
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 -- a device, not a file
        os.dup2(nothing.fileno(), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    return run(device, os.environ, idle_s=idle_s, tolerance=tolerance)


if __name__ == "__main__":
    sys.exit(main())
