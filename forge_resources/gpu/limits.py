"""Limits and places of heavy work, read from the environment.

What belongs here: names of variables, their defaults, and why each default is what it is. What does not: enforcing them
(see `supervisor`), or how many bytes may stay loaded (see `budget`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from forge_resources.errors import InvalidInput
from forge_resources.schemas.types import Document
from forge_resources.secrets import is_secret_name

HostName = Literal["inline", "worker", "ray"]
HOSTS: tuple[HostName, ...] = ("inline", "worker", "ray")

Seconds = Annotated[float, Field(gt=0, le=7 * 86400)]


class Limits(Document):
    """How long a job may take, in seconds. They travel with each request, so every run has its own.

    deadline_s: all of it, from its turn to its reply.
    load_s: to the first step: importing, loading, encoding the prompt.
    hang_factor, hang_s: without a step for so many times the median step, and at least so long, it hangs.
    stop_s: after the stop flag, until TERM. term_s: after TERM, until KILL.
    """

    deadline_s: Seconds = 3600.0
    load_s: Seconds = 900.0
    hang_factor: Annotated[float, Field(ge=2, le=1000)] = 20.0
    hang_s: Seconds = 60.0
    stop_s: Seconds = 5.0
    term_s: Seconds = 3.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Limits:
        """FORGE_GPU_DEADLINE_S, _LOAD_S, _HANG_FACTOR, _HANG_S, _STOP_S, _TERM_S. Raises InvalidInput."""
        said = {name: environment.get(f"FORGE_GPU_{name.upper()}") for name in cls.model_fields}
        return cls(**{name: _number(f"FORGE_GPU_{name.upper()}", value) for name, value in said.items() if value})


def settings_of(environment: Mapping[str, str]) -> dict[str, str]:
    """What a job brings along of the environment of whoever asks for it: the settings of Forge, and no secret."""
    return {
        name: value for name, value in environment.items() if name.startswith("FORGE_") and not is_secret_name(name)
    }


def idle_seconds(environment: Mapping[str, str] = os.environ) -> float:
    """FORGE_GPU_IDLE_S: the worker leaves after so long without a request. Raises InvalidInput."""
    said = environment.get("FORGE_GPU_IDLE_S")
    return _number("FORGE_GPU_IDLE_S", said) if said else 900.0


def tolerance_bytes(environment: Mapping[str, str] = os.environ) -> int:
    """FORGE_GPU_TOLERANCE_GB: what a job may leave behind beyond the cache before its process is replaced.

    The default leaves room for what libraries keep once they have worked: kernels, workspaces, arenas of the allocator.
    """
    said = environment.get("FORGE_GPU_TOLERANCE_GB")
    return int((_number("FORGE_GPU_TOLERANCE_GB", said) if said else 1.0) * 1e9)


def chosen_host(environment: Mapping[str, str] = os.environ) -> HostName:
    """FORGE_GPU_HOST, else `worker` where there is a GPU and `inline` where there is none. Raises InvalidInput."""
    said = environment.get("FORGE_GPU_HOST")
    if not said:
        return "worker" if has_gpu(environment) else "inline"
    for host in HOSTS:
        if said == host:
            return host
    raise InvalidInput(f"FORGE_GPU_HOST is `{said}`.", remedy=f"It must be one of {', '.join(HOSTS)}.")


def has_gpu(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there is an NVIDIA GPU for this process, seen without loading any of its libraries."""
    if environment.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return Path("/proc/driver/nvidia/version").exists() or any(Path("/dev").glob("nvidia[0-9]*"))


def device_name(environment: Mapping[str, str] = os.environ) -> str:
    """The device of this process: `cpu`, or what CUDA_VISIBLE_DEVICES names first, such as `0` or `GPU-8f2a`."""
    if not has_gpu(environment):
        return "cpu"
    return environment.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip() or "0"


def _number(name: str, said: str) -> float:
    try:
        value = float(said)
    except ValueError:
        value = -1.0
    if not 0 < value <= 7 * 86400:
        raise InvalidInput(f"{name} is `{said}`.", remedy="It must be a number greater than 0.")
    return value
