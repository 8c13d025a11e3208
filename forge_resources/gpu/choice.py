"""The host that this deployment has chosen."""

from __future__ import annotations

import os
from collections.abc import Mapping

from forge_resources.gpu.client import WorkerHost
from forge_resources.gpu.hosts import Host, InlineHost
from forge_resources.gpu.limits import chosen_host
from forge_resources.gpu.ray_host import RayHost


def host_of_deployment(environment: Mapping[str, str] = os.environ) -> Host:
    """What FORGE_GPU_HOST names, see `limits.chosen_host`. Nothing is started before it is asked."""
    match chosen_host(environment):
        case "worker":
            return WorkerHost(environment)
        case "ray":
            return RayHost(environment)
        case "inline":
            return InlineHost()
