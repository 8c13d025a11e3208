"""Serving a web application until a person or a service manager ends it."""

from __future__ import annotations

import socket
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette

from forge_jobs.command.output import EXIT_DONE, EXIT_FAILED
from forge_resources.errors import Unavailable

_GRACE_S = 10


def serve(app: Starlette, host: str, port: int) -> int:
    """Serves `app`. Ends with SIGINT or SIGTERM, after the answers that are going on. Raises Unavailable for a port
    that is taken."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    # Having ended for a signal, uvicorn raises it again.
    with _listening(host, port) as listener, suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return EXIT_DONE if server.started else EXIT_FAILED


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Unavailable(
            f"Cannot listen on {host}:{port}: {error.strerror}.", remedy="Choose another with --host and --port."
        ) from error
