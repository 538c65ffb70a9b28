"""Objects of any kind in a cluster: found, tried by the API server without being stored, removed; many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aerodrome.clients.cluster import APPLY_PATCH, AT_ONCE, Cluster, Object
from aerodrome.clients.cluster_failures import ConflictError, InvalidError, NotFoundError
from aerodrome.errors import UserError

MANAGER = "helm"
"""Who owns the fields that a release states: Helm itself goes by this name."""
_DRY = ("dryRun", "All")
_APPLY = [_DRY, ("fieldManager", MANAGER), ("force", "true")]
_ANYWHERE = ""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Kind:
    """How one kind of objects is addressed: the plural's name, and whether its objects are in namespaces."""

    plural: str
    namespaced: bool


@dataclass(frozen=True)
class Tried:
    """One object: as it is, as it would be, and what the API server has against it.

    *live* None: it is not there. *after* None: nothing can be tried, as its namespace is still to be made.
    """

    live: Object | None
    after: Object | None = None
    refused: InvalidError | None = None


@dataclass
class Objects:
    """The objects of one cluster; those that name no namespace are in *namespace*."""

    cluster: Cluster
    namespace: str
    _kinds: dict[str, dict[str, Kind]] = field(default_factory=dict)

    def learn(self, versions: Iterable[str]) -> None:
        """Ask once which kinds each of *versions* ("apps/v1") has."""
        new = sorted(set(versions) - self._kinds.keys())
        self._kinds.update(zip(new, self._each(self._kinds_of, new), strict=True))

    def kind(self, body: Mapping[str, Any]) -> Kind:
        """Return how *body* is addressed; UserError where the cluster does not know its kind."""
        version, kind = str(body["apiVersion"]), str(body["kind"])
        self.learn([version])
        if kind not in self._kinds[version]:
            raise UserError(
                f"the cluster knows no {kind} of {version}, which {body['metadata']['name']} is",
                "install what brings that kind, or switch off what asks for it in the values",
            )
        return self._kinds[version][kind]

    def namespace_of(self, body: Mapping[str, Any]) -> str:
        """Return the namespace that *body* is in; empty where its kind has none."""
        if not self.kind(body).namespaced:
            return _ANYWHERE
        return str(body["metadata"].get("namespace") or self.namespace)

    def path(self, body: Mapping[str, Any]) -> str:
        """Return where the API server has *body*."""
        version, namespace = str(body["apiVersion"]), self.namespace_of(body)
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        inside = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}{inside}/{self.kind(body).plural}/{body['metadata']['name']}"

    def find(self, bodies: Sequence[Mapping[str, Any]]) -> list[Object | None]:
        """Return each of *bodies* as it is; None where it is not there."""
        self.learn(str(body["apiVersion"]) for body in bodies)
        return self._each(lambda body: self.cluster.find(self.path(body)), bodies)

    def attempt(
        self,
        bodies: Sequence[Mapping[str, Any]],
        absent: frozenset[str],
        gone: Callable[[int, Object], Object],
    ) -> list[Tried]:
        """Return what applying each of *bodies* would do, by the API server's own defaults; nothing is stored.

        *absent* are namespaces that are still to be made. *gone* takes the position of a body and the object that it
        would become, and returns it without what the release states no more.
        """
        self.learn(str(body["apiVersion"]) for body in bodies)
        return self._each(lambda one: self._attempt(one[0], one[1], absent, gone), list(enumerate(bodies)))

    def delete(self, body: Mapping[str, Any], *, orphan: bool = False) -> None:
        """Remove an object if it is there; with *orphan* what it made stays, pods for one."""
        policy = "Orphan" if orphan else "Background"
        try:
            self.cluster.request("DELETE", self.path(body), body={"propagationPolicy": policy})
        except NotFoundError:
            return

    def _attempt(
        self,
        position: int,
        body: Mapping[str, Any],
        absent: frozenset[str],
        gone: Callable[[int, Object], Object],
    ) -> Tried:
        if self.namespace_of(body) in absent:
            return Tried(None)
        path = self.path(body)
        live = self.cluster.find(path)
        try:
            after = self._dry("PATCH", path, body, _APPLY)
            less = gone(position, deepcopy(after))
            if live is not None and less != after:
                after = self._dry("PUT", path, less, [_DRY])
            return Tried(live, after)
        except InvalidError as problem:
            return Tried(live, refused=problem)
        except NotFoundError:
            namespace = self.namespace_of(body)
            what = f"{body['kind']} {body['metadata']['name']}"
            raise UserError(f"{what}: there is no namespace {namespace}", "make it first") from None

    def _dry(
        self, method: str, path: str, body: Mapping[str, Any], query: Sequence[tuple[str, str]]
    ) -> Object:
        headers = APPLY_PATCH if method == "PATCH" else {}
        try:
            return self.cluster.request(method, path, query=query, body=body, headers=headers)
        except ConflictError:
            # A controller wrote its status between the two requests: the newest version decides.
            newest = {**body, "metadata": {**body["metadata"]}}
            newest["metadata"].pop("resourceVersion", None)
            return self.cluster.request(method, path, query=query, body=newest, headers=headers)

    def _kinds_of(self, version: str) -> dict[str, Kind]:
        path = f"/apis/{version}" if "/" in version else f"/api/{version}"
        found = self.cluster.find(path) or {}
        return {
            entry["kind"]: Kind(entry["name"], entry["namespaced"])
            for entry in found.get("resources") or ()
            if "/" not in entry["name"]
        }

    def _each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(work, items))
