"""The login in front of everything, by a real nginx with the configuration of the containers, where there is one."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CONFIGURATION = Path(__file__).parents[1] / "docker" / "proxy" / "nginx.conf"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
# `openssl passwd -6 -salt forge a-password`
USERS = "kim:$6$forge$9WjBVFLtvSaTv0TGds1I3SydNgsQ9roF1peVCjdQmj27EehrSP3Mx/F3G3YwBEebAbx4eu5Dj9DqoeynBrm.o/\n"

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here; Debian has it as nginx-light")


class _Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked: path and headers."""

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = json.dumps({"port": port, "path": self.path, **headers}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Proxy:
    """The proxy, and the port of each service behind it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers = [ThreadingHTTPServer(("127.0.0.1", 0), _Echo) for _ in range(3)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        ports = (server.server_address[1] for server in self.servers)
        self.ports = dict(zip(("webserver:3000", "grafana:3000", "board:3100"), ports, strict=True))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        assert NGINX is not None
        call = [NGINX, "-c", str(self._configuration()), "-e", str(folder / "error.log")]
        self.process = subprocess.Popen(call, stderr=subprocess.DEVNULL)

    def _configuration(self) -> Path:
        """That of the containers with this machine's addresses and files."""
        said = CONFIGURATION.read_text(encoding="utf-8")
        users = self.folder / "users"
        users.write_text(USERS, encoding="utf-8")
        for service, port in self.ports.items():
            assert service in said
            said = said.replace(service, f"127.0.0.1:{port}")
        said = said.replace("/etc/nginx/users", str(users)).replace("include /etc/nginx/mime.types;", "")
        said = said.replace("listen 8080", f"listen 127.0.0.1:{self.port}").replace("/dev/stdout", "off")
        said = re.sub(r"/tmp/(?=[\w.]+;)", f"{self.folder}/", said)
        file = self.folder / "nginx.conf"
        file.write_text(f"daemon off;\nmaster_process off;\n{said}", encoding="utf-8")
        return file

    def ask(self, path: str, login: str = "", **headers: str) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        if login:
            request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                said = answer.read()
                return answer.status, json.loads(said) if said.startswith(b"{") else {"text": said.decode()}
        except urllib.error.HTTPError as error:
            return error.code, {}

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        for server in self.servers:
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxy")
    folder.chmod(0o755)
    running = Proxy(folder)
    until = time.monotonic() + 30
    while True:
        try:
            running.ask("/healthz")
            break
        except urllib.error.URLError:
            assert time.monotonic() < until, (folder / "error.log").read_text()
            assert running.process.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.05)
    yield running
    running.stop()


def test_nobody_comes_in_without_a_login(proxy: Proxy) -> None:
    assert proxy.ask("/healthz") == (200, {"text": "ok\n"})
    for path in (
        "/",
        "/dagster/graphql",
        "/grafana/",
        "/healthz/../dagster/",
        "//dagster/",
        "/healthz%2f..%2fdagster/",
    ):
        assert proxy.ask(path)[0] == 401, path
        assert proxy.ask(path, "kim:guess")[0] == 401, path


def test_whoever_came_in_is_named_and_cannot_say_otherwise(proxy: Proxy) -> None:
    status, said = proxy.ask(
        "/briefs/night-tea", "kim:a-password", **{"X-Forwarded-User": "boss", "X-Forwarded-For": "192.0.2.1"}
    )
    assert (status, said["port"], said["path"]) == (200, proxy.ports["board:3100"], "/briefs/night-tea")
    assert (said["x-forwarded-user"], said["x-forwarded-for"]) == ("kim", "127.0.0.1")
    assert said["host"] == f"127.0.0.1:{proxy.port}", "the board compares it with its own name"
    assert "authorization" not in said, "passwords go no further"


def test_each_path_has_its_service(proxy: Proxy) -> None:
    dagster = proxy.ask("/dagster/graphql?a=b", "kim:a-password", Upgrade="websocket", Connection="Upgrade")[1]
    assert (dagster["port"], dagster["path"]) == (proxy.ports["webserver:3000"], "/dagster/graphql?a=b")
    assert (dagster["upgrade"], dagster["connection"]) == ("websocket", "upgrade")
    assert proxy.ask("/dagster", "kim:a-password")[1]["path"] == "/dagster/"
    assert proxy.ask("/grafana/d/forge", "kim:a-password")[1]["port"] == proxy.ports["grafana:3000"]


def test_passwords_cannot_be_tried_by_the_hundred(proxy: Proxy) -> None:
    answers = [proxy.ask("/", "kim:guess")[0] for _ in range(400)]
    assert set(answers) == {401, 429}
