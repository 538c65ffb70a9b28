"""Workloads of a release that start: how far each one is, and why one does not get there."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aerodrome.clients.cluster import Cluster, Object
from aerodrome.clients.cluster_failures import NotFoundError, TransientError, UnreachableError
from aerodrome.clients.cluster_pods import CRASHES, UNSCHEDULABLE, Trouble, events, hidden, story, trouble
from aerodrome.errors import AerodromeError
from aerodrome.progress import Progress
from aerodrome.terminal import visible

KINDS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
}
"""What is waited for, and where it is listed."""
_PODS, _SETS = "/api/v1/namespaces/{}/pods", "/apis/apps/v1/namespaces/{}/replicasets"
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Patience:
    """How long what may mend itself is waited for, in seconds.

    *stuck*: an image, a secret or a volume that is not there. *unschedulable*: a place to run; clusters that grow need
    minutes. *idle*: nothing moves at all, and no pod is ending. *away*: the API server, for less than the lock holds
    without it, whose last renewal may be older than the last answer. *crashes*: how often a container may be started
    again, as it may wait for another. *steady*: how long a pod must have been ready, as one without a probe is so for
    a moment before it crashes.
    """

    stuck: float = 30
    unschedulable: float = 300
    idle: float = 600
    away: float = 40
    crashes: int = 3
    steady: float = 5


@dataclass(frozen=True, order=True)
class Workload:
    """Something that runs pods."""

    namespace: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Stand:
    """How far a workload is; *failed* says why it never gets there, *draining* that pods of it are ending."""

    ready: int
    wanted: int
    done: bool
    failed: str = ""
    draining: bool = False


# A job that has done its work may be removed by Kubernetes.
_ABSENT = {False: Stand(0, 1, False), True: Stand(1, 1, True)}


class RolloutError(AerodromeError):
    """A workload does not start; the text says which, why, and what it last said."""


@dataclass
class Watch:
    """Looks at *workloads* until all are ready; *hide* are texts that are shown to nobody."""

    cluster: Cluster
    workloads: Sequence[Workload]
    progress: Progress
    hide: Collection[str] = ()
    patience: Patience = field(default_factory=Patience)
    earlier: Collection[str] = ()
    """Ids of objects that are of no interest: others of their names come in their place."""
    tell_all: bool = False
    """Whether a workload that is as it should be from the beginning is told too."""
    _stood: dict[Workload, Stand] = field(default_factory=dict)
    _told: dict[Workload, str] = field(default_factory=dict)
    _since: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _crashed: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _moved: float = field(default_factory=time.monotonic)
    _heard: float = field(default_factory=time.monotonic)

    def finish(self) -> None:
        """Return when all workloads are ready; RolloutError as soon as one cannot become so."""
        while not self.look():
            time.sleep(_LOOK_SECONDS)

    def look(self) -> bool:
        """Return whether all are ready now; RolloutError where one cannot become so.

        Of an API server that is away, or says that it cannot answer now, UnreachableError when that lasts.
        """
        try:
            found = list(self._namespaces())
        except (UnreachableError, TransientError) as problem:
            if time.monotonic() - self._heard > self.patience.away:
                raise UnreachableError(str(problem.args[0]), problem.remedy) from None
            return False
        self._heard = time.monotonic()
        stands = {}
        for workload, live, pods in self._matched(found):
            stands[workload] = (
                stand(workload.kind, live, pods, self.cluster.now(), self.patience.steady)
                if live
                else _ABSENT[workload.kind == "Job"]
            )
            if not stands[workload].done:
                self._judge(workload, stands[workload], pods)
                self._replace_broken(workload, live, dict(found)[workload.namespace]["Pod"])
        self._tell(stands)
        return all(one.done for one in stands.values())

    def _namespaces(self) -> Iterator[tuple[str, dict[str, list[Object]]]]:
        for namespace in sorted({one.namespace for one in self.workloads}):
            kinds = {one.kind for one in self.workloads if one.namespace == namespace}
            yield namespace, lists_of(self.cluster, namespace, kinds)

    def _matched(
        self, found: Iterable[tuple[str, dict[str, list[Object]]]]
    ) -> Iterator[tuple[Workload, Object | None, list[Object]]]:
        for namespace, lists in found:
            for workload in sorted(one for one in self.workloads if one.namespace == namespace):
                live = next((one for one in lists[workload.kind] if self._is(one, workload)), None)
                pods = pods_of(live, workload.kind, lists) if live else []
                yield workload, live, pods

    def _is(self, live: Object, workload: Workload) -> bool:
        metadata = live["metadata"]
        return metadata["name"] == workload.name and metadata["uid"] not in self.earlier

    def _judge(self, workload: Workload, found: Stand, pods: Sequence[Object]) -> None:
        troubles = [one for pod in pods if (one := trouble(pod))]
        lasting = next((one for one in troubles if self._lasts(one)), None)
        if found.failed or lasting:
            raise self._error(workload, found.failed, lasting or next(iter(troubles), None))
        if found.draining:
            self._moved = time.monotonic()
        if time.monotonic() - self._moved > self.patience.idle:
            reason = f"nothing has moved for {self.patience.idle:.0f} s"
            raise self._error(workload, reason, next(iter(troubles), None))

    def _lasts(self, found: Trouble) -> bool:
        since = self._since.setdefault((found.namespace, found.pod, found.reason), time.monotonic())
        if found.hopeless:
            return True
        if found.reason == CRASHES or found.exit_code is not None:
            # What crashed before this watch may have waited for what is there now.
            first = self._crashed.setdefault((found.namespace, found.pod, found.container), found.restarts)
            return found.restarts >= max(self.patience.crashes, first + 1)
        limit = self.patience.unschedulable if found.reason == UNSCHEDULABLE else self.patience.stuck
        return time.monotonic() - since >= limit

    def _replace_broken(self, workload: Workload, live: Object | None, pods: Sequence[Object]) -> None:
        """Remove pods of an earlier version that do not start: a StatefulSet waits for them for ever."""
        if workload.kind != "StatefulSet" or live is None:
            return
        newest, mine = (live.get("status") or {}).get("updateRevision"), {live["metadata"]["uid"]}
        for pod in pods:
            if _owned(pod, mine) and _hash(pod) != newest and (found := trouble(pod)):
                self.progress(f"{found}: removed, the next version takes its place")
                self.cluster.request("DELETE", f"{_PODS.format(workload.namespace)}/{found.pod}")

    def _error(self, workload: Workload, reason: str, found: Trouble | None) -> RolloutError:
        if found:
            text = f"{workload} does not start: {found}\n{story(self.cluster, found, self.hide)}"
        else:
            said = "; ".join(events(self.cluster, workload.namespace, workload.name))
            text = f"{workload} does not start: {reason}" + (f": {visible(said)}" if said else "")
        return RolloutError(hidden(text.rstrip(), self.hide))

    def _tell(self, stands: Mapping[Workload, Stand]) -> None:
        for workload, found in stands.items():
            if self._stood.get(workload) != found:
                self._moved = time.monotonic()
            self._stood[workload] = found
            waits = "" if found.done else ", old pods end their work" if found.draining else ", starts"
            text = f"{workload.name} {found.ready}/{found.wanted} ready{waits}"
            if self._told.get(workload, text if found.done and not self.tell_all else "") != text:
                self.progress(text)
            self._told[workload] = text


def lists_of(cluster: Cluster, namespace: str, kinds: Collection[str]) -> dict[str, list[Object]]:
    """Return kind → all objects of it in *namespace*: those of *kinds*, and what tells which pods are theirs."""
    lists = {kind: _listed(cluster, KINDS[kind], namespace) for kind in sorted(kinds)}
    lists["Pod"] = _listed(cluster, _PODS, namespace)
    if "Deployment" in kinds:
        lists["ReplicaSet"] = _listed(cluster, _SETS, namespace)
    return lists


def _listed(cluster: Cluster, path: str, namespace: str) -> list[Object]:
    try:
        return list(cluster.get(path.format(namespace))["items"] or ())
    except NotFoundError:
        return []


def pods_of(live: Object, kind: str, lists: Mapping[str, list[Object]]) -> list[Object]:
    """Return the pods of the newest version of *live* and those of older ones that are ending."""
    owners = {live["metadata"]["uid"]}
    if kind == "Deployment":
        owners = {one["metadata"]["uid"] for one in lists["ReplicaSet"] if _owned(one, owners)}
        newest = {one["metadata"]["uid"] for one in lists["ReplicaSet"] if _is_newest(one, live)}
        return [one for one in lists["Pod"] if _owned(one, newest) or (_owned(one, owners) and _ends(one))]
    pods = [one for one in lists["Pod"] if _owned(one, owners)]
    if kind == "StatefulSet":
        wanted = (live.get("status") or {}).get("updateRevision")
        return [one for one in pods if _hash(one) == wanted or _ends(one)]
    return pods


def _is_newest(replicas: Object, live: Object) -> bool:
    name = "deployment.kubernetes.io/revision"
    mine, its = (one["metadata"].get("annotations") or {} for one in (replicas, live))
    return _owned(replicas, {live["metadata"]["uid"]}) and mine.get(name) == its.get(name)


def _owned(one: Object, owners: Collection[str]) -> bool:
    return any(owner["uid"] in owners for owner in one["metadata"].get("ownerReferences") or ())


def _ends(pod: Object) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def _hash(pod: Object) -> str | None:
    return (pod["metadata"].get("labels") or {}).get("controller-revision-hash")


def stand(kind: str, live: Object, pods: Sequence[Object], now: datetime, steady: float = 0) -> Stand:
    """Return how far *live* is, one of *kind* whose pods are *pods*; it is done when they are ready for *steady* s."""
    found = _STANDS[kind](live.get("spec") or {}, live.get("status") or {})
    ready, wanted, done, failed = found
    seen = (live.get("status") or {}).get("observedGeneration", 0) >= live["metadata"].get("generation", 0)
    current = seen or kind == "Job"
    ending = any(_within_its_grace(pod, now) for pod in pods)
    runs = kind == "Job" or all(_is_steady(pod, now, steady) for pod in pods)
    return Stand(ready, wanted, done and current and runs, failed if current else "", ending and not done)


def _is_steady(pod: Object, now: datetime, seconds: float) -> bool:
    """Return whether *pod* has no trouble, and if it is ready, not only for a moment."""
    ready = [one for one in (pod.get("status") or {}).get("conditions") or () if one["type"] == "Ready"]
    since = [datetime.fromisoformat(one["lastTransitionTime"]) for one in ready if one["status"] == "True"]
    long = all((now - moment).total_seconds() >= seconds for moment in since)
    return _ends(pod) or (long and trouble(pod) is None)


def _within_its_grace(pod: Object, now: datetime) -> bool:
    """Return whether *pod* may still end by itself: Kubernetes notes the time at which it is killed."""
    end = pod["metadata"].get("deletionTimestamp")
    return bool(end) and datetime.fromisoformat(end) > now


Found = tuple[int, int, bool, str]
"""Ready, wanted, done, why it never will be."""


def _deployment(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Found:
    wanted, ready = int(spec.get("replicas", 1)), int(status.get("availableReplicas") or 0)
    updated = int(status.get("updatedReplicas") or 0)
    done = updated >= wanted and int(status.get("replicas") or 0) <= updated and ready >= wanted
    failures = (one for one in status.get("conditions") or () if one["type"] == "ReplicaFailure")
    failed = next((str(one.get("message")) for one in failures if one["status"] == "True"), "")
    return min(ready, updated), wanted, done or bool(spec.get("paused")), failed


def _stateful_set(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Found:
    wanted, ready = int(spec.get("replicas", 1)), int(status.get("readyReplicas") or 0)
    strategy = spec.get("updateStrategy") or {}
    updated = int(status.get("updatedReplicas") or 0)
    first = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    current = strategy.get("type") == "OnDelete" or updated >= wanted - first
    return ready, wanted, current and ready >= wanted, ""


def _daemon_set(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Found:
    wanted, ready = (int(status.get(key) or 0) for key in ("desiredNumberScheduled", "numberAvailable"))
    updated = int(status.get("updatedNumberScheduled") or 0)
    current = (spec.get("updateStrategy") or {}).get("type") == "OnDelete" or updated >= wanted
    return ready, wanted, current and ready >= wanted, ""


def _job(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Found:
    conditions = {one["type"]: one for one in status.get("conditions") or () if one["status"] == "True"}
    failed = conditions.get("Failed")
    why = f"{failed.get('reason')}: {failed.get('message')}" if failed else ""
    wanted = int(spec.get("completions") or 1)
    return (
        int(status.get("succeeded") or 0),
        wanted,
        "Complete" in conditions or bool(spec.get("suspend")),
        why,
    )


_STANDS = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
}
