"""A Job that runs once, with what its pod needs: made, watched to its end, and what it said last (kubernetes)."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from aerodrome.clients.cluster import APPLY_PATCH, Cluster, Object
from aerodrome.clients.cluster_objects import Objects
from aerodrome.clients.cluster_rollout import Patience, RolloutError, Watch, Workload
from aerodrome.errors import AerodromeError
from aerodrome.progress import Progress

_APPLY = [("fieldManager", "aerodrome"), ("force", "true")]
_PODS, _CLAIMS = "/api/v1/namespaces/{}/pods", "/api/v1/namespaces/{}/persistentvolumeclaims"
_GONE_SECONDS = 120
_TOLD_SECONDS = 30
_MADE_BY = {"app.kubernetes.io/managed-by": "aerodrome"}

Guard = Callable[[], None]


@dataclass(frozen=True)
class JobRun:
    """A Job among *bodies*; the others are there while it runs. *hide* are texts that are shown to nobody.

    *seconds*: how long it may take; *guard* is called before each step, and each second.
    """

    cluster: Cluster
    namespace: str
    bodies: Sequence[Mapping[str, Any]]
    guard: Guard
    progress: Progress
    seconds: float
    hide: Collection[str] = ()
    patience: Patience = field(default_factory=Patience)

    def run(self) -> str:
        """Return the last line of the Job's pod when it has done its work; RolloutError tells why it has not."""
        objects = Objects(self.cluster, self.namespace)
        (job,) = (body for body in self.bodies if body["kind"] == "Job")
        self._remove_earlier(objects, job)
        with self._beside(objects):
            self.guard()
            path = objects.path(job).rpartition("/")[0]
            made = self.cluster.request("POST", path, body=job)
            try:
                self._watch(str(job["metadata"]["name"]))
            except RolloutError:
                self._end(objects, job)
                raise
            return self._last_line(made)

    def _end(self, objects: Objects, job: Mapping[str, Any]) -> None:
        """Remove a Job that would still begin when nobody waits for it; one that has failed may be looked at."""
        with suppress(AerodromeError):
            (live,) = objects.find([job])
            conditions = ((live or {}).get("status") or {}).get("conditions") or ()
            if not any(one["type"] == "Failed" and one["status"] == "True" for one in conditions):
                objects.delete(job)

    def _remove_earlier(self, objects: Objects, job: Mapping[str, Any]) -> None:
        self.guard()
        objects.delete(job)
        end = time.monotonic() + _GONE_SECONDS
        while objects.find([job]) != [None]:
            self.guard()
            if time.monotonic() > end:
                what = f"Job {job['metadata']['name']}"
                raise AerodromeError(f"{what} is not gone after {_GONE_SECONDS} s", "look for its finalizers")
            time.sleep(0.5)

    @contextmanager
    def _beside(self, objects: Objects) -> Iterator[None]:
        """Have what the Job's pod needs for the block."""
        others = [body for body in self.bodies if body["kind"] != "Job"]
        for body in others:
            self.guard()
            self.cluster.request("PATCH", objects.path(body), query=_APPLY, body=body, headers=APPLY_PATCH)
        try:
            yield
        finally:
            # The next run takes over what stays because nobody answers now, or somebody else has the environment.
            with suppress(AerodromeError):
                self.guard()
                for body in others:
                    objects.delete(body)

    def _watch(self, name: str) -> None:
        workload = Workload(self.namespace, "Job", name)
        # It may work for long without anything to be seen of it; its own deadline ends it.
        patience = replace(self.patience, idle=self.seconds + self.patience.idle)
        watch = Watch(self.cluster, [workload], self.progress, self.hide, patience)
        began = told = time.monotonic()
        while not watch.look():
            self.guard()
            if time.monotonic() - told > _TOLD_SECONDS:
                told = time.monotonic()
                self.progress(f"{name} works for {told - began:.0f} s")
            time.sleep(1)

    def _last_line(self, job: Object) -> str:
        mine = str(job["metadata"]["uid"])
        for pod in self.cluster.get(_PODS.format(self.namespace))["items"] or ():
            if any(owner["uid"] == mine for owner in pod["metadata"].get("ownerReferences") or ()):
                path = f"{_PODS.format(self.namespace)}/{pod['metadata']['name']}/log"
                container = str(job["spec"]["template"]["spec"]["containers"][0]["name"])
                query = [("container", container), ("tailLines", "1")]
                lines = self.cluster.text(path, query).splitlines()
                return lines[-1] if lines else ""
        return ""


def ensure_claim(cluster: Cluster, namespace: str, name: str, size: str, storage_class: str | None) -> bool:
    """Return whether the volume claim *name* was missing and is made now; one that is there stays as it is."""
    path = _CLAIMS.format(namespace)
    if cluster.find(f"{path}/{name}") is not None:
        return False
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    chosen = {"storageClassName": storage_class} if storage_class else {}
    body = {"metadata": {"name": name, "labels": _MADE_BY}, "spec": {**spec, **chosen}}
    cluster.request("POST", path, body=body)
    return True
