"""Whether a process of this machine is still there."""

from __future__ import annotations

import os


def is_alive(process: int) -> bool:
    """Whether the process with that number exists, whoever owns it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
