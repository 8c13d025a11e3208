"""What client, worker and child say to each other: JSON documents over a connection that both have proved a key on.

What belongs here: the documents, their framing, the handshake. What does not: who says what when (see `client`,
`supervisor`, `child`).
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from forge_resources.errors import InvalidInput
from forge_resources.gpu.limits import Limits
from forge_resources.schemas.types import Document

LARGEST_BYTES = 32 * 2**20
HANDSHAKE_S = 5
SEND_S = 5
"""A peer that does not read for so long is taken to be gone."""


class Make(Document):
    """Have an engine make something. `engine` is `module:Class`; paths are absolute and of this machine.

    `code` is a stamp of the engine's source: another one means that the code has changed since. `environment` are the
    FORGE_ variables of whoever asks, `folder` what relative ones among them are relative to, `threads` its number of
    threads for the processor, 0 for as many as there are.
    """

    ask: Literal["make"] = "make"
    engine: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
    code: str = ""
    parameters: dict[str, Any]
    sources: dict[str, str] = {}
    target: Annotated[str, Field(pattern=r"^/")]
    limits: Limits = Limits()
    environment: dict[str, str] = {}
    folder: str = ""
    threads: Annotated[int, Field(ge=0, le=4096)] = 0
    label: str = ""


class Warm(Document):
    """Have an engine load a model."""

    ask: Literal["warm"] = "warm"
    engine: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
    code: str = ""
    model: str
    limits: Limits = Limits()
    environment: dict[str, str] = {}
    folder: str = ""
    threads: Annotated[int, Field(ge=0, le=4096)] = 0
    label: str = ""


class Cancel(Document):
    """Stop what was asked for over this connection."""

    ask: Literal["cancel"] = "cancel"


class Status(Document):
    """Tell how the worker is."""

    ask: Literal["status"] = "status"


class Stop(Document):
    """Leave: after the jobs that wait, or `now`."""

    ask: Literal["stop"] = "stop"
    now: bool = False


Job = Make | Warm
Request = Annotated[Make | Warm | Cancel | Status | Stop, Field(discriminator="ask")]
_REQUEST: TypeAdapter[Make | Warm | Cancel | Status | Stop] = TypeAdapter(Request)


def parse_request(data: bytes) -> Make | Warm | Cancel | Status | Stop:
    """A request from its bytes. Raises InvalidInput with every fault."""
    try:
        return _REQUEST.validate_json(data)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:8])
        raise InvalidInput(f"That is no request: {faults}.") from None


def say(connection: Connection, message: Mapping[str, Any] | Document) -> None:
    """Sends one document. Raises OSError where the other side is gone or does not read, InvalidInput where the document
    is larger than the other side takes.
    """
    value = message.model_dump(mode="json") if isinstance(message, Document) else message
    data = json.dumps(value, separators=(",", ":")).encode()
    if len(data) > LARGEST_BYTES:
        raise InvalidInput(
            f"A message of {len(data) / 2**20:.0f} MiB is too large: {LARGEST_BYTES / 2**20:.0f} MiB is the most.",
            remedy="Hand over large parts as sources, which are files.",
        )
    connection.send_bytes(data)


def hear(connection: Connection) -> dict[str, Any]:
    """Waits for one document. Raises EOFError or OSError where the other side is gone."""
    value: dict[str, Any] = json.loads(connection.recv_bytes(LARGEST_BYTES))
    return value


def connect(address: Path, key: bytes) -> Connection:
    """A connection to the worker at `address`. Raises OSError, EOFError or AuthenticationError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as opened:
        opened.settimeout(HANDSHAKE_S)
        opened.connect(str(address))
        opened.settimeout(None)
        return shaken(opened, key, serving=False)


def shaken(opened: socket.socket, key: bytes, *, serving: bool) -> Connection:
    """The connection over a socket, once both sides have proved that they have the key, each within a few seconds."""
    # Timeouts of the system rather than of Python's: the connection reads the descriptor by itself.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", HANDSHAKE_S, 0))
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_S, 0))
    connection = Connection(opened.detach())
    try:
        if serving:
            deliver_challenge(connection, key)
            answer_challenge(connection, key)
        else:
            answer_challenge(connection, key)
            deliver_challenge(connection, key)
        with socket.socket(fileno=_duplicate(connection)) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 0))
    except (OSError, EOFError, AuthenticationError, ValueError, AssertionError):
        connection.close()
        raise
    return connection


def _duplicate(connection: Connection) -> int:
    return socket.dup(connection.fileno())
