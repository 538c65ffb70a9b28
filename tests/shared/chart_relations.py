"""What objects of a release mean by each other: names that lead nowhere, selectors that find nothing and the like.

What kube-linter and checkov check of objects together. Each check yields lines `object: what`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from chart_releases import RELEASE, Pod, identity, namespace_of, pods
from helm_process import Object

Lines = Iterator[str]
SHUNS = "DoesNotExist"


@dataclass(frozen=True)
class Release:
    """The objects of a release, found by what others call them."""

    objects: tuple[Object, ...]

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Everything that pods are made from."""
        return tuple(pods(self.objects))

    @cached_property
    def named(self) -> dict[str, Object]:
        """Kind, namespace and name → object."""
        return {identity(one): one for one in self.objects}

    def of(self, *kinds: str) -> Iterator[Object]:
        """Yield the objects of these kinds."""
        return (one for one in self.objects if one["kind"] in kinds)

    def selected(self, namespace: str, selector: Object | None) -> list[Pod]:
        """Return the pods of *namespace* that have the labels of *selector*, but for what it shuns."""
        wanted = (selector or {}).get("matchLabels", selector) or {}
        shunned = {
            one["key"] for one in (selector or {}).get("matchExpressions", ()) if one["operator"] == SHUNS
        }
        return [
            pod
            for pod in self.pods
            if pod.namespace == namespace
            and wanted.items() <= pod.labels.items()
            and not shunned & pod.labels.keys()
        ]


Check = Callable[[Release], Lines]


def selectors_of_their_own_pods(release: Release) -> Lines:
    """A workload whose selector does not match its template is refused."""
    for one in release.of("Deployment", "StatefulSet", "DaemonSet"):
        wanted = one["spec"]["selector"]["matchLabels"]
        labels = one["spec"]["template"]["metadata"]["labels"]
        if not wanted.items() <= labels.items():
            yield f"{identity(one)}: its selector {wanted} does not match its pods {labels}"


def selectors_that_two_workloads_share(release: Release) -> Lines:
    """Two workloads that select the same pods take them from each other."""
    for one in release.of("Deployment", "StatefulSet", "DaemonSet"):
        found = release.selected(namespace_of(one), one["spec"]["selector"])
        others = {pod.owner for pod in found} - {identity(one)}
        if others := {owner for owner in others if not owner.startswith(("Job", "CronJob", "Task"))}:
            yield f"{identity(one)}: selects the pods of {', '.join(sorted(others))} too"


def selectors_that_find_nothing(release: Release) -> Lines:
    """A service, policy, budget or monitor for pods that are not there protects and serves nothing."""
    for one in release.of("Service", "NetworkPolicy", "PodDisruptionBudget", "PodMonitor"):
        spec = one["spec"]
        selector = spec.get("podSelector", spec.get("selector"))
        if selector and not release.selected(namespace_of(one), selector):
            yield f"{identity(one)}: no pod has the labels {selector}"
    for one in release.of("ServiceMonitor"):
        wanted = one["spec"]["selector"].get("matchLabels", {})
        services = [
            each for each in release.of("Service") if wanted.items() <= each["metadata"]["labels"].items()
        ]
        if not services:
            yield f"{identity(one)}: no service has the labels {wanted}"


def ports_of_services(release: Release) -> Lines:
    """A service leads to a port that a container of its pods opens."""
    for one in release.of("Service"):
        opened = set()
        for pod in release.selected(namespace_of(one), one["spec"].get("selector")):
            opened |= {value for port in _ports(pod) for value in (port.get("name"), port["containerPort"])}
        for port in one["spec"].get("ports", ()):
            target = port.get("targetPort", port["port"])
            if one["spec"].get("selector") and target not in opened:
                yield f"{identity(one)}: no container opens its port {target}"


def ports_of_probes(release: Release) -> Lines:
    """A probe asks a port that its own container opens, by name or number."""
    for pod, container in _containers(release):
        opened = {
            value
            for port in container.get("ports") or ()
            for value in (port.get("name"), port["containerPort"])
        }
        for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
            for how in ("httpGet", "tcpSocket"):
                port = ((container.get(kind) or {}).get(how) or {}).get("port")
                if port is not None and port not in opened:
                    yield f"{pod.owner} {container['name']}: its {kind} asks port {port}, which it does not open"


def names_taken_twice(release: Release) -> Lines:
    """Variables, ports, containers, mounts and volumes of a pod: the second replaces the first, or both are refused."""
    for pod in release.pods:
        yield from _twice(pod.owner, "containers", (one["name"] for one in pod.containers()))
        yield from _twice(pod.owner, "volumes", (one["name"] for one in pod.spec.get("volumes") or ()))
    for pod, container in _containers(release):
        place = f"{pod.owner} {container['name']}"
        yield from _twice(place, "variables", (one["name"] for one in container.get("env") or ()))
        yield from _twice(place, "mounts", (one["mountPath"] for one in container.get("volumeMounts") or ()))
        yield from _twice(place, "ports", (one.get("name", "") for one in container.get("ports") or ()))


def mounts_of_volumes(release: Release) -> Lines:
    """Each mount is of a volume of the pod, and each volume is mounted."""
    claims = {
        identity(one): {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates") or ()}
        for one in release.of("StatefulSet")
    }
    for pod in release.pods:
        there = {one["name"] for one in pod.spec.get("volumes") or ()} | claims.get(pod.owner, set())
        used = {one["name"] for each in pod.containers() for one in each.get("volumeMounts") or ()}
        for name in sorted(used - there):
            yield f"{pod.owner}: mounts {name}, which is no volume of it"
        for name in sorted(there - used):
            yield f"{pod.owner}: its volume {name} is mounted nowhere"


def references(release: Release) -> Lines:
    """Secrets, config maps, accounts and claims that bear the release's name are in the release, with their keys."""
    for pod in release.pods:
        for kind, name, key in sorted(_named_by(pod)):
            target = release.named.get(f"{kind} {pod.namespace}/{name}")
            if target is None and name.startswith(f"{RELEASE}-"):
                yield f"{pod.owner}: names {kind} {name}, which is not there"
            elif target is not None and key and key not in _keys(target):
                yield f"{pod.owner}: names key {key} of {kind} {name}, which has no such key"


def autoscalers_of_the_same_pods(release: Release) -> Lines:
    """Kubernetes stops autoscalers that find the same pods by the selectors of what they scale."""
    found: dict[str, list[str]] = {}
    for one in release.of("HorizontalPodAutoscaler", "ScaledObject"):
        scaled = one["spec"]["scaleTargetRef"]
        target = release.named.get(f"{scaled.get('kind', 'Deployment')} {namespace_of(one)}/{scaled['name']}")
        for pod in release.selected(namespace_of(one), target["spec"]["selector"]) if target else ():
            found.setdefault(pod.owner, []).append(identity(one))
    for owner, scalers in found.items():
        if len(scalers) > 1:
            yield f"{owner}: its pods are found by {', '.join(sorted(scalers))}"


def budgets_of_the_same_pods(release: Release) -> Lines:
    """Kubernetes evicts no pod that two budgets hold, so that its node cannot be emptied."""
    found: dict[str, list[str]] = {}
    for one in release.of("PodDisruptionBudget"):
        for owner in {pod.owner for pod in release.selected(namespace_of(one), one["spec"].get("selector"))}:
            found.setdefault(owner, []).append(identity(one))
    for owner, budgets in found.items():
        if len(budgets) > 1:
            yield f"{owner}: its pods are held by {', '.join(sorted(budgets))}"


def targets(release: Release) -> Lines:
    """What scales, binds or leads to something by kind and name finds it."""
    for one in release.objects:
        for kind, name, namespace in _targets(one):
            if f"{kind} {namespace}/{name}" not in release.named and name.startswith(f"{RELEASE}-"):
                yield f"{identity(one)}: leads to {kind} {namespace}/{name}, which is not there"


CHECKS: tuple[Check, ...] = (
    selectors_of_their_own_pods,
    selectors_that_two_workloads_share,
    selectors_that_find_nothing,
    ports_of_services,
    ports_of_probes,
    names_taken_twice,
    mounts_of_volumes,
    references,
    autoscalers_of_the_same_pods,
    budgets_of_the_same_pods,
    targets,
)


def _containers(release: Release) -> Iterator[tuple[Pod, Object]]:
    return ((pod, container) for pod in release.pods for container in pod.containers())


def _ports(pod: Pod) -> list[Object]:
    return [port for container in pod.containers() for port in container.get("ports") or ()]


def _twice(place: str, what: str, names: Iterable[str]) -> Lines:
    for name, number in Counter(names).items():
        if name and number > 1:
            yield f"{place}: {number} {what} {name}"


def _keys(target: Object) -> set[str]:
    return {key for part in ("data", "stringData", "binaryData") for key in target.get(part) or {}}


def _named_by(pod: Pod) -> Iterator[tuple[str, str, str]]:
    account = pod.spec.get("serviceAccountName")
    if account:
        yield "ServiceAccount", account, ""
    for container in pod.containers():
        for one in container.get("env") or ():
            yield from _sources(one.get("valueFrom") or {}, "secretKeyRef", "configMapKeyRef")
        for one in container.get("envFrom") or ():
            yield from _sources(one, "secretRef", "configMapRef")
    for volume in pod.spec.get("volumes") or ():
        yield from _of_volume(volume)


def _sources(holder: Object, secret: str, config_map: str) -> Iterator[tuple[str, str, str]]:
    for field_name, kind in ((secret, "Secret"), (config_map, "ConfigMap")):
        source = holder.get(field_name)
        if source and not source.get("optional"):
            yield kind, source["name"], source.get("key", "")


def _of_volume(volume: Object) -> Iterator[tuple[str, str, str]]:
    for field_name, kind, name in (
        ("secret", "Secret", "secretName"),
        ("configMap", "ConfigMap", "name"),
        ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
    ):
        source = volume.get(field_name)
        if source and not source.get("optional"):
            for item in source.get("items") or ({},):
                yield kind, source[name], item.get("key", "")


def _targets(one: Object) -> Iterator[tuple[str, str, str]]:
    spec, here = one.get("spec") or {}, namespace_of(one)
    if scaled := spec.get("scaleTargetRef"):
        yield scaled.get("kind", "Deployment"), scaled["name"], here
    if one["kind"] == "StatefulSet":
        yield "Service", spec["serviceName"], here
    if one["kind"] in ("RoleBinding", "ClusterRoleBinding"):
        yield from _bound(one)
    if one["kind"] == "Ingress":
        for rule in spec.get("rules", ()):
            for path in rule["http"]["paths"]:
                yield "Service", path["backend"]["service"]["name"], here
    if one["kind"] == "HTTPRoute":
        for rule in spec.get("rules", ()):
            for backend in rule.get("backendRefs", ()):
                yield "Service", backend["name"], backend.get("namespace", here)


def _bound(binding: Object) -> Iterator[tuple[str, str, str]]:
    here = namespace_of(binding)
    yield binding["roleRef"]["kind"], binding["roleRef"]["name"], here
    for subject in binding.get("subjects") or ():
        yield subject["kind"], subject["name"], subject.get("namespace", here)
