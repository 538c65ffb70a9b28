"""What an attacker would look for in the objects of a release: what kube-linter and checkov check of each.

What Kubernetes' level "restricted" asks, resources and probes are in tests/chart/policy.
Each check yields lines `object: what`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from chart_relations import Release
from chart_releases import Pod, identity
from helm_process import Object

Lines = Iterator[str]
Check = Callable[[Release], Lines]
_SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|FERNET|CREDENTIAL|PRIVATE|_CONN(_|$)")
# Settings that say where or how a secret is found.
_POINTER = re.compile(
    r"(_CMD|_SECRET|_FILE|_PATH|_NAME|_URL|_BACKEND|_KWARGS|_ADAPTER)$|^AIRFLOW__KUBERNETES_SECRETS__"
)


def images_without_a_version(release: Release) -> Lines:
    """What is pulled tomorrow is what was tested."""
    for pod, container in _containers(release):
        tag = container["image"].rpartition("/")[2].partition(":")[2]
        if "@sha256:" not in container["image"] and (not tag or tag == "latest"):
            yield f"{pod.owner} {container['name']}: image {container['image']} has no version"


def parts_of_the_node(release: Release) -> Lines:
    """Neither its network, processes and devices nor its files."""
    for pod in release.pods:
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.spec.get(key):
                yield f"{pod.owner}: {key}"
        for volume in pod.spec.get("volumes") or ():
            if "hostPath" in volume:
                yield f"{pod.owner}: volume {volume['name']} is a folder of the node"
        for port in (port for each in pod.containers() for port in each.get("ports") or ()):
            if port.get("hostPort"):
                yield f"{pod.owner}: port {port['hostPort']} of the node"


def ports_of_the_system(release: Release) -> Lines:
    """Below 1024 only root may listen."""
    for pod in release.pods:
        for port in (port for each in pod.containers() for port in each.get("ports") or ()):
            if port["containerPort"] < 1024:
                yield f"{pod.owner}: listens at {port['containerPort']}"


def secrets_in_plain_text(release: Release) -> Lines:
    """What is secret comes from a secret: everybody who may look at pods sees the value of a variable."""
    for pod, container in _containers(release):
        for one in container.get("env") or ():
            name = one["name"].upper()
            if one.get("value") and _SECRET_NAME.search(name) and not _POINTER.search(name):
                yield f"{pod.owner} {container['name']}: variable {one['name']} holds its value"


def accounts_of_the_namespace(release: Release) -> Lines:
    """Rights that somebody gives the account `default` would be the pod's."""
    for pod in release.pods:
        if pod.spec.get("serviceAccountName", "default") == "default":
            yield f"{pod.owner}: runs as the account default"


def rights_to_everything(release: Release) -> Lines:
    """No role has a wildcard, and nobody is given cluster-admin."""
    for one in release.of("Role", "ClusterRole"):
        for rule in one.get("rules") or ():
            for key in ("apiGroups", "resources", "verbs"):
                if "*" in rule.get(key, ()):
                    yield f"{identity(one)}: * in {key}"
    for one in release.of("RoleBinding", "ClusterRoleBinding"):
        if one["roleRef"]["name"] in ("cluster-admin", "admin", "edit"):
            yield f"{identity(one)}: gives {one['roleRef']['name']}"


def rights_to_secrets(release: Release) -> Lines:
    """Who reads a namespace's secrets is everybody in it."""
    for one in release.of("Role", "ClusterRole"):
        for rule in one.get("rules") or ():
            if {"secrets", "pods/exec", "pods/attach", "serviceaccounts/token"} & set(
                rule.get("resources", ())
            ):
                yield f"{identity(one)}: may {', '.join(rule['verbs'])} {', '.join(rule['resources'])}"


def rights_in_the_whole_cluster(release: Release) -> Lines:
    """A role of the cluster reaches namespaces of others."""
    for one in release.of("ClusterRole", "ClusterRoleBinding"):
        yield f"{identity(one)}: holds in all namespaces"


def services_for_everybody(release: Release) -> Lines:
    """A load balancer or a port of each node is open to whoever reaches the nodes."""
    for one in release.of("Service"):
        if one["spec"].get("type") in ("LoadBalancer", "NodePort"):
            yield f"{identity(one)}: {one['spec']['type']}"


def processes_that_are_shared(release: Release) -> Lines:
    """A container would see the others' variables."""
    for pod in release.pods:
        if pod.spec.get("shareProcessNamespace"):
            yield f"{pod.owner}: its containers see each other's processes"


CHECKS: tuple[Check, ...] = (
    images_without_a_version,
    parts_of_the_node,
    ports_of_the_system,
    secrets_in_plain_text,
    accounts_of_the_namespace,
    rights_to_everything,
    rights_to_secrets,
    rights_in_the_whole_cluster,
    services_for_everybody,
    processes_that_are_shared,
)


def _containers(release: Release) -> Iterator[tuple[Pod, Object]]:
    return ((pod, container) for pod in release.pods for container in pod.containers())
