"""One deploy at a time in one environment: a Lease in the cluster, held by a thread that renews it."""

from __future__ import annotations

import getpass
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aerodrome.clients.cluster import Cluster, Object
from aerodrome.clients.cluster_failures import ConflictError, NotFoundError
from aerodrome.errors import AerodromeError, HeldError
from aerodrome.progress import Progress
from aerodrome.quantities import format_duration

_PATH = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
SECONDS = 60
"""How long a lease holds without being renewed."""
RENEWALS = 4
"""How often it is renewed in that time."""


def me() -> str:
    """Return who this process is: user@host:pid."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}:{os.getpid()}"


class LostError(AerodromeError):
    """The lease is somebody else's now, or could not be renewed in time."""


@dataclass
class Lease:
    """The lease *name* in *namespace*, as *holder* has it."""

    cluster: Cluster
    namespace: str
    name: str
    holder: str = field(default_factory=me)
    seconds: int = SECONDS
    _held: Object = field(default_factory=dict)
    _renewed: datetime | None = None
    _lost: str = ""
    _over: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise LostError where the lease is not held any more: nothing further may be changed then."""
        if self._lost:
            raise LostError(self._lost, "look who deploys now, then run the same command again")
        age = self.cluster.now() - self._renewed if self._renewed else timedelta()
        if age > timedelta(seconds=self.seconds):
            text = f"the lock {self.name} could not be renewed for {format_duration(age)}"
            raise LostError(text, "look whether the cluster answers, then run the same command again")

    def take(self, progress: Progress) -> None:
        """Take the lease; HeldError names who has it, and since when. One that nobody renewed is taken over."""
        found = self.cluster.find(self._one)
        try:
            if found is None:
                self._set(self._write("POST", _PATH.format(self.namespace), self._body({})))
                return
            self._refuse_if_held(found["spec"])
            holder = found["spec"].get("holderIdentity") or "nobody"
            progress(
                f"takes over the lock {self.name} of {holder}, which was not renewed for {self._age(found)}"
            )
            self._set(self._write("PUT", self._one, self._body(found["metadata"])))
        except ConflictError:
            newest = self.cluster.find(self._one) or {}
            self._refuse_if_held(newest.get("spec") or {})
            raise HeldError(f"another deploy took the lock {self.name} just now", "wait for it") from None

    def keep(self) -> None:
        """Renew the lease until it is given back; runs in a thread."""
        while not self._over.wait(self.seconds / RENEWALS):
            try:
                self._renew()
            except LostError as problem:
                self._lost = str(problem.args[0])
                return
            except AerodromeError:
                # The next time may work; check() knows how long it did not.
                continue

    def give_back(self) -> None:
        """Remove the lease, if it is still this holder's."""
        self._over.set()
        if self._lost or not self._held:
            return
        metadata = self._held["metadata"]
        mine = {key: metadata[key] for key in ("uid", "resourceVersion")}
        # It ends by itself.
        with suppress(AerodromeError):
            self.cluster.request("DELETE", self._one, body={"preconditions": mine})

    def _renew(self) -> None:
        try:
            self._set(self._write("PUT", self._one, self._body(self._held["metadata"])))
        except (ConflictError, NotFoundError):
            found = self.cluster.find(self._one)
            holder = found["spec"].get("holderIdentity") if found else None
            raise LostError(
                f"the lock {self.name} was taken by {holder}"
                if holder
                else f"the lock {self.name} was removed"
            ) from None

    def _set(self, held: Object) -> None:
        # From then on others count, however long the answer took.
        self._held, self._renewed = held, datetime.fromisoformat(held["spec"]["renewTime"])

    def _write(self, method: str, path: str, body: Mapping[str, Any]) -> Object:
        return self.cluster.request(method, path, body=body)

    def _body(self, metadata: Mapping[str, Any]) -> Object:
        now = _stamp(self.cluster.now())
        mine = self._held.get("spec") or {}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self.name, **_version(metadata)},
            "spec": {
                "holderIdentity": self.holder,
                "leaseDurationSeconds": self.seconds,
                "acquireTime": mine.get("acquireTime", now),
                "renewTime": now,
            },
        }

    def _refuse_if_held(self, spec: Mapping[str, Any]) -> None:
        if not spec.get("holderIdentity") or not spec.get("renewTime"):
            return
        end = datetime.fromisoformat(spec["renewTime"]) + timedelta(
            seconds=spec.get("leaseDurationSeconds") or 0
        )
        left = end - self.cluster.now()
        if left <= timedelta():
            return
        since = datetime.fromisoformat(spec.get("acquireTime") or spec["renewTime"])
        age = format_duration(max(self.cluster.now() - since, timedelta(seconds=1)))
        raise HeldError(
            f"{spec['holderIdentity']} deploys here since {since:%Y-%m-%d %H:%M:%S} UTC ({age})",
            f"wait for it; if it was killed, its lock ends within {max(1, round(left.total_seconds()))} s, or "
            f"`{self._removal}` breaks it now",
        )

    def _age(self, found: Object) -> str:
        renewed = datetime.fromisoformat(
            found["spec"].get("renewTime") or found["metadata"]["creationTimestamp"]
        )
        return format_duration(self.cluster.now() - renewed)

    @property
    def _removal(self) -> str:
        """Return the command that removes it; before it, where no kubeconfig has the context, the one that makes it."""
        access = self.cluster.access
        removal = f"kubectl --context {access.context} -n {self.namespace} delete lease {self.name}"
        return f"{access.login} && {removal}" if access.login else removal

    @property
    def _one(self) -> str:
        return f"{_PATH.format(self.namespace)}/{self.name}"


@contextmanager
def alone(cluster: Cluster, namespace: str, environment: str, progress: Progress) -> Iterator[Lease]:
    """Hold the environment's lease for the block; HeldError tells who deploys there, and since when.

    Whoever changes something asks :meth:`Lease.check` before each step.
    """
    lease = Lease(cluster, namespace, f"aerodrome-{environment}")
    lease.take(progress)
    thread = threading.Thread(target=lease.keep, name=lease.name, daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        lease.give_back()
        thread.join()


def _version(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {"resourceVersion": metadata["resourceVersion"]} if "resourceVersion" in metadata else {}


def _stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
