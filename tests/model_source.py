"""A local server that speaks the protocols of the model hubs, and can be told to misbehave."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "atelier/small"


def safetensors(values: int, name: str = "weight", seed: int = 0) -> bytes:
    """A whole safetensors file with one tensor of so many bytes, unlike that of another seed."""
    body = hashlib.shake_128(f"{name} {seed}".encode()).digest(values)
    header = json.dumps({name: {"dtype": "U8", "shape": [values], "data_offsets": [0, values]}}).encode()
    return struct.pack("<Q", len(header)) + header + body


@dataclass
class ModelSource:
    """What is served, and how. `stop_at` are offsets of a file at which the connection is cut, each once.

    `sizes` are lies about how long a file is; `altered` files are sent with a flipped bit; `elsewhere` has files
    redirected to another host name; `whole_only` serves no ranges.
    """

    files: dict[str, bytes]
    stop_at: list[int] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    altered: set[str] = field(default_factory=set)
    elsewhere: bool = False
    whole_only: bool = False
    busy: int = 0
    token: str | None = None
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hub_answer(self) -> dict[str, object]:
        return {
            "sha": COMMIT,
            "cardData": {"license": "apache-2.0"},
            "siblings": [self._sibling(n) for n in self.files],
        }

    def _sibling(self, name: str) -> dict[str, object]:
        data = self.files[name]
        size = self.sizes.get(name, len(data))
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        if name.endswith(".safetensors"):
            sha256 = hashlib.sha256(data).hexdigest()
            return {"rfilename": name, "size": size, "blobId": "0" * 40, "lfs": {"sha256": sha256, "size": size}}
        return {"rfilename": name, "size": size, "blobId": blob}

    def civitai_answer(self) -> dict[str, object]:
        name, data = next((name, data) for name, data in self.files.items() if name.endswith(".safetensors"))
        file = {
            "name": name,
            "primary": True,
            "hashes": {"SHA256": hashlib.sha256(data).hexdigest().upper()},
            "downloadUrl": f"{self.address}/{REPO}/resolve/{COMMIT}/{name}",
        }
        pickled = {"name": "old.ckpt", "hashes": {"SHA256": "0" * 64}, "downloadUrl": f"{self.address}/old.ckpt"}
        return {
            "id": 77, "modelId": 5, "baseModel": "SDXL 1.0", "trainedWords": ["aurora style"],
            "model": {"type": "LORA"}, "files": [pickled, file],
        }  # fmt: skip

    def bytes_of(self, name: str) -> bytes:
        data = self.files[name]
        return data[:-1] + bytes([data[-1] ^ 1]) if name in self.altered else data

    def cut(self, start: int, end: int) -> int | None:
        """The next offset in a range at which to cut the line."""
        with self.lock:
            found = next((offset for offset in sorted(self.stop_at) if start < offset < end), None)
            if found is not None:
                self.stop_at.remove(found)
            return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    source: ModelSource

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.source.asked.append((path, self.headers.get("Range"), self.headers.get("Authorization")))
        if self.source.busy > 0:
            self.source.busy -= 1
            self._send(503, b"busy", {"Retry-After": "0"})
        elif path.startswith(f"/api/models/{REPO}/revision/"):
            self._send_json(self.source.hub_answer())
        elif path == "/api/v1/model-versions/77":
            self._send_json(self.source.civitai_answer())
        elif found := re.fullmatch(rf"/(elsewhere/)?{REPO}/resolve/{COMMIT}/(.+)", path):
            self._send_file(found[2], moved=bool(found[1]))
        else:
            self._send(404, b"no such thing", {})

    def _send_file(self, name: str, moved: bool) -> None:
        source = self.source
        if source.token and not moved and self.headers.get("Authorization") != f"Bearer {source.token}":
            self._send(401, b"who are you", {})
        elif name not in source.files:
            self._send(404, b"no such file", {})
        elif source.elsewhere and not moved:
            # Another host name is another origin.
            target = f"http://localhost:{source.port}/elsewhere/{REPO}/resolve/{COMMIT}/{name}"
            self._send(302, b"", {"Location": target})
        else:
            self._send_range(source.bytes_of(name))

    def _send_range(self, data: bytes) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        if not asked or self.source.whole_only:
            self._send_cut(200, data, 0, len(data), {})
            return
        start, end = int(asked[1]), min(int(asked[2]) + 1, len(data))
        if start >= len(data):
            self._send(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            return
        self._send_cut(206, data, start, end, {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"})

    def _send_cut(self, status: int, data: bytes, start: int, end: int, headers: dict[str, str]) -> None:
        stop = self.source.cut(start, end)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(end - start)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[start : stop or end])
        if stop is not None:
            self.wfile.flush()
            self.close_connection = True

    def _send_json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(source: ModelSource) -> Iterator[ModelSource]:
    """Serves it on a free port of this machine."""
    handler = type("Handler", (_Handler,), {"source": source})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    source.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield source
    finally:
        server.shutdown()
        server.server_close()
