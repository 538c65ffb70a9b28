"""What the chart sets around a tenant's pods, so that a record of attacks knows what they were tried on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from tenant_pods import rendered
from testbed.place import REGISTRY

Object = dict[str, Any]
_TENANT, _RELEASE = "alpha", "airflow"
_LEVELS = "pod-security.kubernetes.io/"
# What decides who comes to a pod and what its code may do; labels, names of images and sizes change for other reasons.
_KEPT = {
    "NetworkPolicy": ("spec",),
    "Role": ("rules",),
    "RoleBinding": ("roleRef", "subjects"),
    "ServiceAccount": ("automountServiceAccountToken",),
}
_POD = (
    "automountServiceAccountToken",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "securityContext",
    "serviceAccountName",
    "shareProcessNamespace",
)


def digest() -> str:
    """Return a digest of all that the chart as it is sets to keep a tenant's pods apart."""
    return digest_of(objects("0"))


def objects(digit: str) -> list[Object]:
    """Return what the chart writes for the tenant alpha, with images whose digests are made of *digit*."""
    made = {name: f"{REGISTRY}/{name}@sha256:{digit * 64}" for name in ("platform", "tenants/flights")}
    return rendered([_TENANT], made, _RELEASE)


def digest_of(objects: Iterable[Object]) -> str:
    """Return the digest of *objects*."""
    text = json.dumps(sorted(_told(objects), key=str), sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _told(objects: Iterable[Object]) -> Iterator[Any]:
    for each in objects:
        kind, metadata = each["kind"], each["metadata"]
        if kind == "Namespace":
            levels = {name: value for name, value in metadata["labels"].items() if name.startswith(_LEVELS)}
            yield [kind, metadata["name"], levels]
        elif kind in _KEPT and metadata.get("namespace") == f"tenant-{_TENANT}":
            yield [kind, metadata["name"], _of(each, _KEPT[kind])]
        elif kind == "ConfigMap":
            pods = (text for name, text in (each.get("data") or {}).items() if name.startswith(f"{_TENANT}-"))
            yield from (_pod(yaml.safe_load(text)["spec"]) for text in pods)


def _pod(spec: Object) -> Object:
    containers = (*spec.get("initContainers", ()), *spec["containers"])
    return {
        **_of(spec, _POD),
        "containers": {each["name"]: _container(each) for each in containers},
        "volumes": {each["name"]: sorted(each.keys() - {"name"}) for each in spec.get("volumes", ())},
        "tokens": [each["projected"] for each in spec.get("volumes", ()) if "projected" in each],
    }


def _container(found: Object) -> Object:
    mounted = sorted({each["name"] for each in found.get("volumeMounts", ())})
    return {**_of(found, ("securityContext",)), "mounted": mounted}


def _of(found: Object, keys: Iterable[str]) -> Object:
    return {key: found[key] for key in keys if key in found}
