"""What every cluster is expected to have beside Kubernetes itself: names for services, and volumes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubernetes import client
from testbed.images import COREDNS
from testbed.place import DNS_SERVICE, DOMAIN, Node

STORAGE_CLASS = "local"
VOLUMES = 16
_LEFT = ("Released", "Failed")
_DNS = {"k8s-app": "kube-dns"}
_COREFILE = f"""\
.:53 {{
    errors
    ready :8181
    kubernetes {DOMAIN} in-addr.arpa ip6.arpa {{
        pods insecure
    }}
    cache 10
}}
"""
Object = dict[str, Any]


def objects(nodes: tuple[Node, ...]) -> Iterator[Object]:
    """Yield what is made in a new cluster of *nodes*."""
    yield from _dns()
    yield from _storage(nodes)


def _dns() -> Iterator[Object]:
    yield _named("v1", "ServiceAccount", "coredns")
    rules = [
        {
            "apiGroups": [""],
            "resources": ["endpoints", "services", "pods", "namespaces"],
            "verbs": ["list", "watch"],
        },
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    yield _named("rbac.authorization.k8s.io/v1", "ClusterRole", "coredns", rules=rules)
    yield _named(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        "coredns",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "coredns"},
        subjects=[{"kind": "ServiceAccount", "name": "coredns", "namespace": "kube-system"}],
    )
    yield _named("v1", "ConfigMap", "coredns", data={"Corefile": _COREFILE})
    ports = [{"name": f"dns-{kind}", "port": 53, "protocol": kind.upper()} for kind in ("udp", "tcp")]
    yield _named(
        "v1", "Service", "kube-dns", spec={"clusterIP": DNS_SERVICE, "selector": _DNS, "ports": ports}
    )
    template = {"metadata": {"labels": _DNS}, "spec": _dns_pod()}
    yield _named(
        "apps/v1", "Deployment", "coredns", spec={"selector": {"matchLabels": _DNS}, "template": template}
    )


def _dns_pod() -> Object:
    return {
        "serviceAccountName": "coredns",
        "dnsPolicy": "Default",
        # Network policies name the port of the pod, which is 53 in every cluster; its user is not root.
        "securityContext": {"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "53"}]},
        "priorityClassName": "system-cluster-critical",
        "containers": [
            {
                "name": "coredns",
                "image": COREDNS,
                "imagePullPolicy": "Never",
                "args": ["-conf", "/etc/coredns/Corefile"],
                "volumeMounts": [{"name": "settings", "mountPath": "/etc/coredns"}],
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
            }
        ],
        "volumes": [{"name": "settings", "configMap": {"name": "coredns"}}],
    }


def _storage(nodes: tuple[Node, ...]) -> Iterator[Object]:
    yield {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    for node in nodes:
        for number in range(VOLUMES):
            yield _volume(node, number)


def _volume(node: Node, number: int) -> Object:
    """Return a volume that a claim of any size may have: nobody measures what lies in a folder."""
    place = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node.name]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{node.name}-{number}"},
        "spec": {
            "capacity": {"storage": "1Ti"},
            "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": STORAGE_CLASS,
            # Unlike a path of the host it is given to the group that its pod asks for.
            "local": {"path": str(volume(node, number))},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [place]}]}},
        },
    }


def free_volumes(api: client.ApiClient, nodes: tuple[Node, ...]) -> None:
    """Let other claims have the volumes whose claims are gone, emptied; nobody else does that here."""
    core, places = (
        client.CoreV1Api(api),
        {str(volume(node, number)) for node in nodes for number in range(VOLUMES)},
    )
    for found in core.list_persistent_volume().items:
        local = found.spec.local
        if local and local.path in places and found.status.phase in _LEFT:
            shutil.rmtree(local.path)
            Path(local.path).mkdir()
            core.patch_persistent_volume(found.metadata.name, {"spec": {"claimRef": None}})


def volume(node: Node, number: int) -> Path:
    """Return the folder of a volume."""
    return node.folder / "volumes" / str(number)


def _named(version: str, kind: str, name: str, **content: Any) -> Object:
    metadata = {"name": name}
    if not kind.startswith("Cluster"):
        metadata["namespace"] = "kube-system"
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}
