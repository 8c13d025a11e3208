"""A local HTTP server that speaks the chat protocols of OpenAI and Anthropic, and behaves as it is told.

What belongs here: the wire. What does not: what is said (see the tests and `bench/writing.py`).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECE = 400
"""Characters of a reply in one event."""


@dataclass(frozen=True)
class Said:
    """One request: its path, headers (lower case) and body, and when it came, in seconds of the clock."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float

    @property
    def schema(self) -> dict[str, Any]:
        """The form that the reply is asked for in."""
        if "tools" in self.body:
            return dict(self.body["tools"][0]["input_schema"])
        return dict(self.body["response_format"]["json_schema"]["schema"])

    @property
    def texts(self) -> list[str]:
        """System and messages, in order."""
        system = self.body.get("system")
        said = [system if isinstance(system, str) else json.dumps(system)] if system else []
        return said + [
            message["content"] if isinstance(message["content"], str) else json.dumps(message["content"])
            for message in self.body["messages"]
        ]


@dataclass(frozen=True)
class Answer:
    """What the server does: says `text`, or fails with `status`; after `delay_s`; `raw` is sent as it is.

    `stall_after` stops in the middle of the text and never ends; `drip_s` waits between its pieces;
    `breaks` tells a fault of that type after the first piece.
    """

    text: str = ""
    status: int = 200
    delay_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    finish: str = "stop"
    raw: bytes | None = None
    stall_after: int | None = None
    drip_s: float = 0.0
    breaks: str = ""
    usage: tuple[int, int] | None = (100, 50)


class ChatServer:
    """Serves on a free port; `requests` has everything that was asked."""

    def __init__(self, answer: Callable[[Said], Answer]) -> None:
        self.answer = answer
        self.requests: list[Said] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server.handle(self)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]

    @contextmanager
    def running(self) -> Iterator[ChatServer]:
        thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self._http.shutdown()
            self._http.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("content-length", 0))
        body = json.loads(request.rfile.read(length) or b"{}")
        headers = {name.lower(): value for name, value in request.headers.items()}
        said = Said(request.path, headers, body, time.monotonic())
        with self._lock:
            self.requests.append(said)
        answer = self.answer(said)
        self.closing.wait(answer.delay_s)
        # The client may have hung up, which is what some tests are about.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._send(request, said, answer)

    def _send(self, request: BaseHTTPRequestHandler, said: Said, answer: Answer) -> None:
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            request.send_header(name, value)
        request.send_header("connection", "close")
        request.close_connection = True
        if answer.status != 200:
            data = json.dumps({"type": "error", "error": {"type": "error", "message": answer.text or "no"}}).encode()
            request.send_header("content-type", "application/json")
            request.send_header("content-length", str(len(data)))
            request.end_headers()
            request.wfile.write(data)
            return
        request.send_header("content-type", "text/event-stream")
        request.end_headers()
        if answer.raw is not None:
            request.wfile.write(answer.raw)
            return
        events = _anthropic(answer, said) if said.path.endswith("/messages") else _openai(answer)
        for event in events:
            if event is None:
                self.closing.wait(60)
                return
            request.wfile.write(event)
            request.wfile.flush()
            self.closing.wait(answer.drip_s)


def _pieces(answer: Answer) -> Iterator[str | None]:
    whole = answer.text if answer.stall_after is None else answer.text[: answer.stall_after]
    for start in range(0, len(whole), PIECE):
        yield whole[start : start + PIECE]
    if answer.stall_after is not None:
        yield None


def _openai(answer: Answer) -> Iterator[bytes | None]:
    def chunk(**fields: Any) -> bytes:
        whole = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", **fields}
        return b"data: " + json.dumps(whole).encode() + b"\n\n"

    for piece in _pieces(answer):
        if piece is None:
            yield None
            return
        yield chunk(choices=[{"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}])
        if answer.breaks:
            yield b"data: " + json.dumps({"error": {"type": answer.breaks, "message": "Sorry."}}).encode() + b"\n\n"
            return
    yield chunk(choices=[{"index": 0, "delta": {}, "finish_reason": answer.finish}])
    if answer.usage:
        put, got = answer.usage
        yield chunk(choices=[], usage={"prompt_tokens": put, "completion_tokens": got, "total_tokens": put + got})
    yield b"data: [DONE]\n\n"


def _anthropic(answer: Answer, said: Said) -> Iterator[bytes | None]:
    def event(kind: str, **fields: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()

    put, got = answer.usage or (0, 0)
    message = {
        "id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": put, "output_tokens": 1},
    }  # fmt: skip
    yield event("message_start", message=message)
    tool = "tools" in said.body and answer.finish != "refusal"
    block = {"type": "tool_use", "id": "t1", "name": "answer", "input": {}} if tool else {"type": "text", "text": ""}
    yield event("content_block_start", index=0, content_block=block)
    for piece in _pieces(answer):
        if piece is None:
            yield None
            return
        delta = {"type": "input_json_delta", "partial_json": piece} if tool else {"type": "text_delta", "text": piece}
        yield event("content_block_delta", index=0, delta=delta)
        if answer.breaks:
            yield event("error", error={"type": answer.breaks, "message": "Sorry."})
            return
    yield event("content_block_stop", index=0)
    reasons = {"stop": "tool_use" if tool else "end_turn", "length": "max_tokens"}
    stopped = {"stop_reason": reasons.get(answer.finish, answer.finish), "stop_sequence": None}
    yield event("message_delta", delta=stopped, usage={"input_tokens": put, "output_tokens": got})
    yield event("message_stop")
