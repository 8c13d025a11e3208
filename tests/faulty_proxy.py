"""A small HTTP proxy in front of an S3 server that does wrong what it is told to: slow down, fail, cut, deny."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["slow_down", "internal", "cut_request", "cut_response", "skewed", "denied", "altered", "away"]

_ANSWERS = {
    "slow_down": (503, "SlowDown"),
    "internal": (500, "InternalError"),
    "skewed": (403, "RequestTimeTooSkewed"),
    "denied": (403, "AccessDenied"),
}


@dataclass
class Fault:
    """Done to the next `times` requests of that method whose path and query have `part` in them, or to every n-th."""

    kind: Kind
    method: str = ""
    part: str = ""
    times: int = 1
    every: int = 1
    seen: int = 0

    def hits(self, method: str, path: str) -> bool:
        if self.times <= 0 or self.method not in ("", method) or self.part not in path:
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.times -= 1
        return True


@dataclass
class FaultyProxy:
    """Listens on `address`. `log` has every request, `faults` what is to go wrong."""

    target: str
    faults: list[Fault] = field(default_factory=list)
    log: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    address: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault_for(self, method: str, path: str, headers: dict[str, str]) -> Kind | None:
        with self.lock:
            self.log.append((method, path, headers))
            return next((fault.kind for fault in self.faults if fault.hits(method, path)), None)

    def times(self, method: str, part: str = "") -> int:
        return sum(1 for asked, path, _ in self.log if asked == method and part in path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultyProxy

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _pass_on(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        kind = self.proxy.fault_for(self.command, self.path, headers)
        if kind == "cut_request":
            if self.command == "PUT":
                self.rfile.read1(1024)
            self._cut()
            return
        body = self.rfile.read(int(headers.get("content-length", 0)))
        if headers.get("transfer-encoding") == "chunked":
            body = self._chunks()
        if kind == "away":
            self._cut()
        elif kind in _ANSWERS:
            status, code = _ANSWERS[kind]
            said = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
            ahead = 3600 if kind == "skewed" else 0
            date = self.date_time_string(int(time.time()) + ahead)
            self._answer(status, {"Content-Type": "application/xml", "Date": date}, said)
        else:
            self._ask(headers, body[:-1] + b"?" if kind == "altered" else body, cut=kind == "cut_response")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on

    def _ask(self, headers: dict[str, str], body: bytes, *, cut: bool) -> None:
        asked = {name: value for name, value in headers.items() if name not in ("transfer-encoding", "expect")}
        connection = http.client.HTTPConnection(urlsplit(self.proxy.target).netloc, timeout=60)
        connection.request(self.command, self.path, body, {**asked, "content-length": str(len(body))})
        answer = connection.getresponse()
        data = answer.read()
        passed = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION}
        if self.command == "HEAD":
            passed["Content-Length"] = answer.getheader("Content-Length", "0")
        self._answer(answer.status, passed, data, cut=cut)
        connection.close()

    def _answer(self, status: int, headers: dict[str, str], data: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self._cut()

    def _chunks(self) -> bytes:
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return data

    def _cut(self) -> None:
        """Ends the connection as a network does that fails: a reset, no goodbye."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


_OF_THE_CONNECTION = {"content-length", "transfer-encoding", "connection", "date", "server"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that was cut is what this is for."""


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    """A proxy for the server at `target`, until the block ends."""
    proxy = FaultyProxy(target)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy}))
    proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
