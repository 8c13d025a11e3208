"""The manifests for Kubernetes and Ray: sound by the schemas of Kubernetes and of Dagster's launcher, and at one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from dagster import Shape
from dagster._config import process_config
from dagster_k8s import K8sRunLauncher
from dagster_k8s.models import k8s_model_from_dict
from kubernetes.client import models

from forge_assets.stage import GPU_POOL
from forge_jobs.definitions import build_defs
from tests.test_containers import DOCKER

KUBERNETES = "1.30.0"
"""Old enough to be what clusters have."""


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DOCKER / name).read_text(encoding="utf-8")))


VALUES = documents("kubernetes/values.yaml")[0]
WITH_RAY = documents("kubernetes/values-ray.yaml")[0]
CLUSTER = documents("ray/raycluster.yaml")[0]
BESIDE = documents("kubernetes/forge.yaml")
SETTINGS = BESIDE[0]["data"]
LAUNCHER = VALUES["runLauncher"]["config"]["k8sRunLauncher"]


def overlaid(values: Any, more: Any) -> Any:
    """What Helm makes of two files of values: mappings are merged, null takes a key away, everything else replaces."""
    if not isinstance(values, dict) or not isinstance(more, dict):
        return more
    merged = {**values, **{key: overlaid(values.get(key), value) for key, value in more.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def pod(spec: dict[str, Any], name: str = "pod") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


@pytest.mark.parametrize("document", BESIDE, ids=lambda document: f"{document['kind']} {document['metadata']['name']}")
def test_what_stands_beside_the_chart_fits_kubernetes(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, KUBERNETES, strict=True)
    assert document["metadata"]["namespace"] == "forge"


def test_the_pods_of_ray_fit_kubernetes() -> None:
    head, (worker,) = CLUSTER["spec"]["headGroupSpec"], CLUSTER["spec"]["workerGroupSpecs"]
    for group in (head, worker):
        kubernetes_validate.validate(pod(group["template"]["spec"]), KUBERNETES, strict=True)
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
    assert worker["minReplicas"] <= worker["replicas"] <= worker["maxReplicas"]
    pinned = (DOCKER.parent / "constraints.txt").read_text(encoding="utf-8")
    assert f"\nray=={CLUSTER['spec']['rayVersion']}\n" in pinned


@pytest.mark.parametrize("more", [{}, WITH_RAY], ids=["gpu", "ray"])
def test_the_pods_of_runs_fit_kubernetes_and_the_launcher(more: dict[str, Any]) -> None:
    values = overlaid(VALUES, more)
    asked = values["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    (code,) = values["dagster-user-deployments"]["deployments"]
    container = {
        "name": "dagster",
        "image": f"{code['image']['repository']}:{code['image']['tag']}",
        "volumeMounts": code["volumeMounts"],
        **asked["containerConfig"],
    }
    spec = {"containers": [container], "volumes": code["volumes"], **asked["podSpecConfig"]}
    kubernetes_validate.validate(pod(spec), KUBERNETES, strict=True)
    # What the launcher itself reads them with.
    k8s_model_from_dict(models.V1Container, {"name": "dagster", **snake(asked["containerConfig"])})
    k8s_model_from_dict(models.V1JobSpec, {"template": {}, **snake(asked["jobSpecConfig"])})
    launcher = {
        "service_account_name": "dagster",
        "instance_config_map": "dagster-instance",
        "dagster_home": VALUES["global"]["dagsterHome"],
        "postgres_password_secret": VALUES["global"]["postgresqlSecretName"],
        "fail_pod_on_run_failure": LAUNCHER["failPodOnRunFailure"],
        "run_k8s_config": {
            "container_config": snake(asked["containerConfig"]),
            "pod_spec_config": snake(asked["podSpecConfig"]),
            "job_spec_config": snake(asked["jobSpecConfig"]),
        },
    }
    read = process_config(Shape(K8sRunLauncher.config_type()), launcher)
    assert read.success, read.errors


def snake(value: Any) -> Any:
    """Names as the chart hands them on; keys of Kubernetes' own maps, such as labels, stay."""
    if isinstance(value, dict):
        return {_snake(key): snake(part) for key, part in value.items()}
    return [snake(part) for part in value] if isinstance(value, list) else value


def _snake(key: str) -> str:
    return key if "/" in key or "." in key else re.sub(r"(?<=[a-z])[A-Z]", lambda found: f"_{found[0].lower()}", key)


def test_as_many_gpus_as_slots_of_the_pool() -> None:
    limit = VALUES["additionalInstanceConfig"]["concurrency"]["pools"]
    (worker,) = CLUSTER["spec"]["workerGroupSpecs"]
    assert limit["default_limit"] == worker["maxReplicas"]
    assert limit["granularity"] == "op"
    # A run's pod has one GPU, and one of its steps is on it at a time.
    assert LAUNCHER["runK8sConfig"]["containerConfig"]["resources"]["limits"]["nvidia.com/gpu"] == 1
    graph = build_defs().resolve_asset_graph()
    assert any(GPU_POOL in (graph.get(key).pools or ()) for key in graph.get_all_asset_keys())
    with_ray = overlaid(VALUES, WITH_RAY)
    container = with_ray["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]["containerConfig"]
    assert "nvidia.com/gpu" not in container["resources"]["limits"]
    assert "nodeSelector" not in with_ray["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]["podSpecConfig"]
    assert with_ray["additionalInstanceConfig"]["concurrency"]["pools"]["default_limit"] == 1
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    assert environment["FORGE_GPU_HOST"] == "ray"
    head = f"{CLUSTER['metadata']['name']}-head-svc.{CLUSTER['metadata']['namespace']}.svc"
    ports = CLUSTER["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"]
    assert environment["FORGE_RAY_ADDRESS"] == f"ray://{head}:{ports[1]['containerPort']}"
    # Nobody without a GPU taint comes to the nodes that have one, and both kinds of pods come there.
    gpu_pod = CLUSTER["spec"]["workerGroupSpecs"][0]["template"]["spec"]
    for key in ("nodeSelector", "tolerations"):
        assert gpu_pod[key] == LAUNCHER["runK8sConfig"]["podSpecConfig"][key]


def test_names_are_the_same_everywhere() -> None:
    known = {(document["kind"], document["metadata"]["name"]) for document in BESIDE}
    said = _text("kubernetes/values.yaml") + _text("ray/raycluster.yaml")
    claims = set(re.findall(r"claimName: ([\w-]+)", said))
    assert {("PersistentVolumeClaim", claim) for claim in claims} <= known
    assert ("ConfigMap", VALUES["dagsterWebserver"]["envConfigMaps"][0]["name"]) in known
    (code,) = VALUES["dagster-user-deployments"]["deployments"]
    mounted = {mount["mountPath"] for mount in code["volumeMounts"]}
    assert {SETTINGS["FORGE_HOME"], SETTINGS["FORGE_MODELS"]} <= mounted
    assert code["dagsterApiGrpcArgs"][1::2] == ["forge_jobs.definitions", "defs", "forge"]
    users = {VALUES[part]["podSecurityContext"]["runAsUser"] for part in ("dagsterWebserver", "dagsterDaemon")}
    dockerfile = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    assert users == {int(re.findall(r"--uid (\d+)", dockerfile)[0])}
    assert "k8s" in dockerfile
    tags = set(re.findall(r"registry\.example\.com/forge, tag: (\w+)-", _text("kubernetes/values.yaml")))
    assert tags == {"control", "gpu"}


def test_a_fault_is_found() -> None:
    broken = {**BESIDE[2], "spec": {**BESIDE[2]["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES, strict=True)


def _text(name: str) -> str:
    return Path(DOCKER / name).read_text(encoding="utf-8")
