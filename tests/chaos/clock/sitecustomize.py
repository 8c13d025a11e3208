"""The clock of every Python process that has this folder in PYTHONPATH is as far off as a file says, whenever it does.

Only what a process is told of the time of day is off: `time.time`, `datetime.now` and their kin, in whatever module.
What counts on (`time.monotonic`), the times of files and the clocks of other programs stay. So does the time of day for
gRPC, half of which is no Python: its deadlines are moments of that half's clock, and a machine has but one.

What belongs here: that. What does not: what is done with it (see `test_clock`).
"""

from __future__ import annotations

import os
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType

FILE = "FORGE_TEST_CLOCK"
"""Variable: the file that says how many seconds the clock is ahead."""
_LOOK_S = 0.2


def _told(file: Path) -> int:
    try:
        return int(file.read_text(encoding="utf-8") or "0")
    except FileNotFoundError:
        return 0


def _leave_out_grpc(time_machine: ModuleType) -> None:
    real = ModuleType("time")
    real.__dict__.update({name: value for name, value in vars(time).items() if not name.startswith("__")})
    vars(real)["time"] = time_machine._time_machine.original_time
    for name in ("grpc._channel", "grpc._common", "grpc._server", "grpc._utilities", "grpc.aio._utils"):
        module = import_module(name)
        assert module.time is time
        vars(module)["time"] = real


def _follow(file: Path) -> None:
    # It offers its help to pytest where there is one, which takes each process a third of a second.
    absent = "pytest" not in sys.modules
    if absent:
        sys.modules["pytest"] = None  # type: ignore[assignment]
    import time_machine  # noqa: PLC0415 -- only where it is asked for

    if absent:
        del sys.modules["pytest"]
    _leave_out_grpc(time_machine)
    ahead = _told(file)
    traveller = time_machine.travel(time.time() + ahead, tick=True).start()

    def keep_looking() -> None:
        nonlocal ahead
        while True:
            time.sleep(_LOOK_S)
            now = _told(file)
            if now != ahead:
                traveller.shift(now - ahead)
                ahead = now

    def start() -> None:
        threading.Thread(target=keep_looking, name="clock", daemon=True).start()

    os.register_at_fork(after_in_child=start)
    start()


if _named := os.environ.get(FILE):
    _follow(Path(_named))
