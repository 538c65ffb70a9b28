"""Pods of tenants as the chart writes them for the Kubernetes executor, in namespaces as the chart makes them."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aerodrome.helm_binaries import fetch_helm
from aerodrome.local.machine.deadline import wait_until
from kubernetes import client, utils
from kubernetes.stream import stream
from pods import LONGEST_SECONDS, Space
from testbed.place import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "the-token-of-a-task"
RECORDS = {"holds": "personal-data"}
_MADE = ("ConfigMap", "ServiceAccount", "LimitRange", "NetworkPolicy", "ResourceQuota")


@dataclass(frozen=True)
class TenantPod:
    """A pod of *tenant*, whose container `base` holds TOKEN, and waits instead of running a task."""

    room: Space
    tenant: str

    def python(self, code: str) -> str:
        """Return what *code* prints where the tenant's code runs."""
        return self._run("tenant", "python", "-c", code)

    @property
    def address(self) -> str:
        """The pod's address."""
        return str(self.room.core.read_namespaced_pod("task", self.room.name).status.pod_ip)

    def _run(self, container: str, *command: str) -> str:
        asked = {"command": list(command), "stdout": True, "stderr": True, "stdin": False, "tty": False}
        ask = self.room.core.connect_get_namespaced_pod_exec
        told = stream(ask, "task", self.room.name, container=container, **asked, _preload_content=False)
        told.run_forever(timeout=LONGEST_SECONDS)
        return str(told.read_all())


def _records(release: str) -> dict[str, Any]:
    """Return the peer that only the zone of personal data may reach."""
    namespace = {"matchLabels": {"kubernetes.io/metadata.name": release}}
    return {"namespaceSelector": namespace, "podSelector": {"matchLabels": RECORDS}}


def rendered(tenants: list[str], images: dict[str, str], release: str) -> list[dict[str, Any]]:
    """Return the chart's objects for *tenants*: their pods have the platform's image and that of the tenant flights."""
    repository, digest = images["platform"].split("@")
    own, of_tenant = images["tenants/flights"].split("@")
    values = {
        "executor": "CeleryExecutor,KubernetesExecutor",
        "deploymentPolicy": {"images": {"registries": [REGISTRY]}},
        "images": {"airflow": {"repository": repository, "digest": digest}},
        "tenancy": {"environment": "sandbox", "secrets": {"store": "none"}},
        "tenants": {
            name: {
                "image": {"repository": own, "digest": of_tenant},
                "limits": {"cpu": 0.2, "memory": "128Mi", "processes": 64},
                "zones": {"default": {}, "pii": {"egress": [{"to": [_records(release)]}]}},
            }
            for name in tenants
        },
    }
    helm = fetch_helm(ROOT / ".venv/helm")["helm3"]
    exceptions = {"images": dict.fromkeys(("redis", "statsd", "postgresql"), f"{REGISTRY} has none")}
    values["deploymentPolicy"]["exceptions"] = exceptions
    command = [helm, "template", "airflow", ROOT / "helm/airflow", "--namespace", release, "--values", "-"]
    done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


@contextlib.contextmanager
def tenant_pod(
    api: client.ApiClient, images: dict[str, str], release: str, zone: str = "default", **changed: Any
) -> Iterator[TenantPod]:
    """Run a task's pod of a new tenant in *zone*; *changed*: keys of its spec that are not as the chart writes them."""
    tenant = f"t{secrets.token_hex(4)}"
    objects = rendered([tenant], images, release)
    room = Space(api, f"tenant-{tenant}")
    for found in (each for each in objects if _belongs(each, room.name)):
        utils.create_from_dict(api, found)
    try:
        room.core.create_namespaced_pod(room.name, _task(objects, f"{tenant}-{zone}", changed))
        room.wait("task", "Running")
        assert wait_until(lambda: _ready(room), LONGEST_SECONDS), room.told("task")
        yield TenantPod(room, tenant)
    finally:
        room.core.delete_namespace(room.name)


def _belongs(found: dict[str, Any], namespace: str) -> bool:
    metadata = found["metadata"]
    if found["kind"] == "Namespace":
        return bool(metadata["name"] == namespace)
    return metadata.get("namespace") == namespace and found["kind"] in _MADE


def _task(objects: list[dict[str, Any]], template: str, changed: dict[str, Any]) -> dict[str, Any]:
    """Return what the executor makes of the template: another name, a command and a token for the container `base`."""
    key = f"{template}.yaml"
    (text,) = (each["data"][key] for each in objects if key in (each.get("data") or {}))
    pod: dict[str, Any] = yaml.safe_load(text)
    pod["metadata"]["name"] = "task"
    pod["spec"] |= {"terminationGracePeriodSeconds": 0, "imagePullSecrets": [], **changed}
    (base,) = pod["spec"]["containers"]
    base["command"] = ["sleep", "3600"]
    base["env"].append({"name": "TASK_TOKEN", "value": TOKEN})
    # Two cores carry everything at once.
    for each in (*pod["spec"]["initContainers"], base):
        each["resources"]["requests"] = {"cpu": "10m", "memory": "64Mi"}
    return pod


def _ready(room: Space) -> bool:
    found = room.core.read_namespaced_pod("task", room.name).status
    return bool(found.container_statuses) and all(each.ready for each in found.container_statuses)
