"""The containers' files: sound by their schemas and linters, at one with each other, and every command in them runs.

There is no container engine here. What the compose file starts from Forge's own images is started as processes, with
the commands, health checks and environment of that file; PostgreSQL and S3 are those of the other tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from upath import UPath

from forge_jobs.instance import open_instance
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from tests.postgres_server import PostgresServer
from tests.s3_server import BUCKET
from tests.sample_briefs import SHORT, write_brief

CHECKOUT = Path(__file__).parents[1]
DOCKER = CHECKOUT / "docker"
BIN = Path(sys.executable).parent
PORTS = ("3000", "3100", "4000", "9464")
OURS = ("code", "webserver", "daemon", "board", "metrics")
STANDS_IN = {"code-gpu": "code"}


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    return read


def filled(text: str, environment: Mapping[str, str]) -> str:
    """A value of the compose file with its `${NAME:-default}` and `${NAME:?told}` filled in, as compose does it."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found["name"], found["kind"], found["rest"] or ""
        if environment.get(name):
            return environment[name]
        assert kind != ":?", f"{name}: {rest}"
        return rest

    return re.sub(r"\$\{(?P<name>\w+)(?:(?P<kind>:[-?])(?P<rest>[^}]*))?\}", value, text).replace("$$", "$")


def settings_of_example() -> dict[str, str]:
    lines = (DOCKER / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_the_compose_file_fits_its_schema() -> None:
    done = CliRunner().invoke(
        check_jsonschema, ["--builtin-schema", "vendor.compose-spec", str(DOCKER / "compose.yaml")]
    )
    assert done.exit_code == 0, done.output


@pytest.mark.skipif(sys.platform != "linux", reason="hadolint's wheel is for Linux")
def test_the_dockerfile_is_clean() -> None:
    done = subprocess.run([BIN / "hadolint", DOCKER / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_names_every_variable_and_no_other() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DOCKER / "compose.yaml").read_text(encoding="utf-8")))
    assert asked == set(settings_of_example())
    required = set(re.findall(r"\$\{(\w+):\?", (DOCKER / "compose.yaml").read_text(encoding="utf-8")))
    assert required == {name for name, value in settings_of_example().items() if not value and "KEY" not in name} - {
        "HF_TOKEN"
    }
    for name, default in re.findall(r"\$\{(\w+):-([^}]*)\}", (DOCKER / "compose.yaml").read_text(encoding="utf-8")):
        assert settings_of_example()[name] == default, name


def test_services_fit_together() -> None:
    read = compose()
    services = read["services"]
    profiles = {name: set(service["profiles"]) for name, service in services.items()}
    assert set().union(*profiles.values()) == {"core", "gpu", "observability"}
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            starts = profiles[name] <= profiles[other] or not how.get("required", True)
            assert starts, f"{name} needs {other}, which its profiles do not start"
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "ports" not in service or name == "proxy", "only the proxy is reachable"
        for mount in service.get("volumes", []):
            source = filled(mount, {}).split(":")[0]
            if source.startswith("./") and source != "./proxy/users":
                assert (DOCKER / source).exists(), f"{name}: {source}"
            elif not source.startswith("./"):
                assert source in read["volumes"], f"{name}: {source}"
        if name not in ("bucket", "loki", "collector"):
            assert service["healthcheck"]["test"], name
        assert ":latest" not in filled(service["image"], {})
        assert ":" in filled(service["image"], {})
    # One of the two code servers answers to the name that webserver and daemon ask for.
    assert services["code-gpu"]["networks"]["back"]["aliases"] == ["code"]
    assert not profiles["code"] & profiles["code-gpu"]


def test_the_proxy_has_a_login_before_everything_and_names_whom_it_let_in() -> None:
    said = (DOCKER / "proxy/nginx.conf").read_text(encoding="utf-8")
    server = said[said.index("server {") :]
    assert server.index("auth_basic ") < server.index("location")
    open_places = re.findall(r"location ([^{]+)\{[^}]*auth_basic off", server)
    assert [place.strip() for place in open_places] == ["= /healthz"]
    assert "proxy_set_header X-Forwarded-User $remote_user;" in server
    # A location that sets a header of its own would lose those of the server.
    assert not re.search(r"location[^{]*\{[^}]*proxy_set_header", server)
    services = compose()["services"]
    for name, port in re.findall(r"set \$\w+ (\w+):(\d+);", server):
        assert "front" in services[name]["networks"]
        command = services[name].get("command", [])
        assert port in command or name == "grafana"
    assert services["board"]["environment"]["FORGE_BOARD_USER_HEADER"] == "X-Forwarded-User"


def test_names_in_the_files_of_others_are_those_of_the_services() -> None:
    services = compose()["services"]
    scrape = yaml.safe_load((DOCKER / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
    (job,) = scrape["scrape_configs"]
    # The alerts ask for this name.
    assert job["job_name"] == "forge"
    (target,) = job["static_configs"][0]["targets"]
    name, _, port = target.partition(":")
    assert port in services[name]["command"]
    sources = yaml.safe_load((DOCKER / "grafana/provisioning/datasources/sources.yaml").read_text(encoding="utf-8"))
    for source in sources["datasources"]:
        assert re.fullmatch(r"http://(\w+):\d+", source["url"])[1] in services  # type: ignore[index]
    loki = yaml.safe_load((DOCKER / "loki/loki.yaml").read_text(encoding="utf-8"))
    assert loki["limits_config"]["retention_period"]
    collector = (DOCKER / "collector/config.alloy").read_text(encoding="utf-8")
    assert f"http://loki:{loki['server']['http_listen_port']}/" in collector
    home = services["code"]["environment"].get("FORGE_HOME", "/var/lib/forge")
    assert f"{home}/logs/forge-*.jsonl" in collector
    assert "home:/var/lib/forge:ro" in services["collector"]["volumes"]


def test_the_image_has_what_the_services_ask_of_it() -> None:
    said = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    copied = set(re.findall(r"^COPY (?!--from)(.*) \S+$", said, flags=re.MULTILINE))
    kept = {
        line[1:] for line in (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    assert kept == {name for names in copied for name in names.split()}
    for name in kept:
        assert (CHECKOUT / name).exists(), name
    stages = re.findall(r"^FROM \S+ AS (\S+)$", said, flags=re.MULTILINE)
    for service in compose()["services"].values():
        if "build" in service:
            assert service["build"]["target"] in stages
            assert service["image"].endswith(f":{service['build']['target']}")
            assert "/srv/forge/docker/workspace.yaml" in service["command"] or "--workspace" not in service["command"]
    for stage in ("control", "gpu"):
        body = said[said.index(f" AS {stage}\n") :].partition("\nFROM ")[0]
        assert body.rstrip().endswith("USER 10001:10001")
    assert "[k8s,llm,otel]" in said[: said.index("AS build-gpu")]
    assert "torch" not in said.partition("AS build-gpu")[0].replace("has torch, diffusers and Ray", "")


class Services:
    """Forge's own services of the compose file, as processes of this machine."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.folder = folder
        self.environment = environment
        self.ports: dict[str, str] = {}
        for port in PORTS:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.ports[port] = str(free.getsockname()[1])
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.read = compose()["services"]

    def here(self, words: list[str]) -> list[str]:
        """A command of the compose file with this machine's programs, addresses and ports."""
        here = [word.replace("/srv/forge", str(CHECKOUT)).replace("0.0.0.0", "127.0.0.1") for word in words]
        for port, free in self.ports.items():
            here = [free if word == port else word.replace(f":{port}/", f":{free}/") for word in here]
        return [str(BIN / here[0]), *here[1:]]

    def environment_of(self, name: str) -> dict[str, str]:
        """What the compose file gives a service, with this machine's addresses in place of the network's names."""
        given = {key: filled(value, self.environment) for key, value in self.read[name]["environment"].items()}
        return {
            **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
            **given,
            **self.environment,
            "FORGE_CODE_HOST": "127.0.0.1",
            "FORGE_CODE_PORT": self.ports["4000"],
        }

    def start(self, name: str, command: list[str] | None = None) -> None:
        with (self.folder / f"{name}.log").open("wb") as said:
            self.processes[name] = subprocess.Popen(
                self.here(command or self.read[name]["command"]),
                env=self.environment_of(name),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_healthy(self, name: str) -> bool:
        """Whether the health check of the compose file says so."""
        kind, *words = self.read[name]["healthcheck"]["test"]
        assert kind == "CMD"
        done = subprocess.run(self.here(words), env=self.environment_of(name), capture_output=True, cwd=self.folder)
        return done.returncode == 0

    def wait_for(self, name: str, limit_s: float = 120) -> None:
        until = time.monotonic() + limit_s
        while not self.is_healthy(name):
            said = (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]
            assert self.processes[name].poll() is None, f"{name} ended\n{said}"
            assert time.monotonic() < until, f"{name} is not healthy\n{said}"
            time.sleep(1)

    def ask(self, port: str, path: str) -> str:
        with urllib.request.urlopen(f"http://localhost:{self.ports[port]}{path}", timeout=30) as answer:
            return str(answer.read().decode())

    def stop(self) -> dict[str, int]:
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        ended = {}
        for name, process in self.processes.items():
            try:
                ended[name] = process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                ended[name] = process.wait()
        return ended


@pytest.fixture
def services(
    postgres: PostgresServer, bucket: Any, s3_server: str, deployment: Settings, tmp_path: Path
) -> Iterator[Services]:
    database = {name: os.environ[name] for name in os.environ if name.startswith("FORGE_POSTGRES_")}
    home = tmp_path / "var"
    home.mkdir()
    # The compose file mounts it there.
    shutil.copyfile(DOCKER / "dagster.yaml", home / "dagster.yaml")
    running = Services(
        {
            **database,
            "MINIO_USER": "a-user",
            "MINIO_PASSWORD": "a-password",
            "AWS_ENDPOINT_URL": s3_server,
            "FORGE_BUCKET": BUCKET,
            "GRAFANA_PASSWORD": "unused",
            "FORGE_HOME": str(home),
            "DAGSTER_HOME": str(home),
        },
        tmp_path,
    )
    yield running
    running.stop()


def test_every_command_runs_and_its_health_check_says_so(services: Services) -> None:
    for name, other in STANDS_IN.items():
        assert services.read[name]["command"] == services.read[other]["command"]
        assert services.read[name]["healthcheck"] == services.read[other]["healthcheck"]
    assert {name for name, service in services.read.items() if "build" in service} == {*OURS, *STANDS_IN}
    assert not services.is_healthy("code")
    services.start("code")
    services.wait_for("code")
    for name in OURS[1:]:
        services.start(name)
    for name in OURS[1:]:
        services.wait_for(name)
    located = json.loads(services.ask("3000", "/dagster/graphql?query=" + urllib.request.quote(_LOCATIONS)))  # type: ignore[attr-defined]
    (entry,) = located["data"]["workspaceOrError"]["locationEntries"]
    assert (entry["name"], entry["loadStatus"]) == ("forge", "LOADED")
    assert entry["locationOrLoadError"] == {"__typename": "RepositoryLocation"}
    assert 'forge_daemon_heartbeat_age_seconds{daemon="sensor"}' in services.ask("9464", "/metrics")
    assert "No brief has been filed yet" in services.ask("3100", "/")
    ended = services.stop()
    assert {name: status for name, status in ended.items() if status not in (0, -signal.SIGTERM)} == {}


@pytest.mark.long
def test_a_brief_becomes_a_spot(services: Services, tmp_path: Path) -> None:
    for name in OURS:
        services.start(name)
    for name in OURS:
        services.wait_for(name)
    brief = write_brief(tmp_path, markets=["en-GB"])
    boto3.client("s3").upload_file(str(brief), BUCKET, f"inbox/{brief.name}")
    until = time.monotonic() + 300
    while 'forge_cells{status="delivered"} 1.0' not in services.ask("9464", "/metrics"):
        assert time.monotonic() < until, (tmp_path / "daemon.log").read_text()[-3000:]
        time.sleep(2)
    page = services.ask("3100", "/briefs/night-tea/en-GB/busy-parent")
    assert f"night-tea_en-GB_busy-parent_{SHORT['delivery'][0]}.mp4" in page
    lines = [
        json.loads(line)
        for file in (tmp_path / "var" / "logs").glob("*.jsonl")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert {line["step"] for line in lines if line.get("message") == "done"} >= {"script", "frames", "spot"}


def test_the_home_of_the_containers_is_read_as_it_is(postgres: PostgresServer, deployment: Settings) -> None:
    deployment.home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(DOCKER / "dagster.yaml", deployment.home / "dagster.yaml")
    with open_instance(deployment) as instance:
        assert instance.get_runs_count() == 0
        assert list(Studio(deployment).filing.briefs()) == []
    assert UPath(deployment.home / "dagster.yaml").read_bytes() == (DOCKER / "dagster.yaml").read_bytes()


_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
  name loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
