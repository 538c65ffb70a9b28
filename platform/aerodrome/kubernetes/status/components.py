"""The parts of the Helm release: how many pods of each are ready, how often they began anew, what keeps one back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aerodrome.clients.cluster import Cluster, Object
from aerodrome.clients.cluster_pods import trouble
from aerodrome.clients.cluster_rollout import Stand, lists_of, pods_of, stand
from aerodrome.cluster_settings import ClusterSettings
from aerodrome.errors import counted

_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
_RELEASE = "meta.helm.sh/release-name"


@dataclass(frozen=True)
class Component:
    """A workload of the release; *works*: as many pods of the newest version as wanted are ready, and no other is left.

    *why* says what it lacks. *images*: what its pods are made from, by container.
    """

    name: str
    kind: str
    ready: int
    wanted: int
    restarts: int
    works: bool
    why: str
    images: Mapping[str, str]


def components(cluster: Cluster, settings: ClusterSettings) -> tuple[Component, ...]:
    """Return the workloads of the release, sorted by name; none where there is no release."""
    lists = lists_of(cluster, settings.namespace, _KINDS)
    found = (
        _component(cluster, kind, live, pods_of(live, kind, lists))
        for kind in _KINDS
        for live in lists[kind]
        if _release(live) == settings.release
    )
    return tuple(sorted(found, key=lambda one: (one.name, one.kind)))


def _component(cluster: Cluster, kind: str, live: Object, pods: Sequence[Object]) -> Component:
    found = stand(kind, live, pods, cluster.now())
    return Component(
        name=live["metadata"]["name"],
        kind=kind,
        ready=found.ready,
        wanted=found.wanted,
        restarts=sum(_restarts(pod) for pod in pods),
        works=found.done,
        why="" if found.done else _why(found, pods),
        images={one["name"]: one["image"] for one in live["spec"]["template"]["spec"]["containers"]},
    )


def _why(found: Stand, pods: Iterable[Object]) -> str:
    told = [str(one) for pod in pods if (one := trouble(pod))]
    if told:
        more = f" (and {counted(len(told) - 1, 'other pod')})" if len(told) > 1 else ""
        return f"{told[0]}{more}"
    if found.failed:
        return found.failed
    return "old pods end their work" if found.draining else "pods begin"


def _restarts(pod: Object) -> int:
    return sum(int(one.get("restartCount") or 0) for one in _containers(pod))


def _containers(pod: Object) -> Iterator[Object]:
    yield from (pod.get("status") or {}).get("containerStatuses") or ()


def _release(live: Object) -> str:
    return str((live["metadata"].get("annotations") or {}).get(_RELEASE, ""))
