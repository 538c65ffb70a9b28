"""The namespace of a release: made for the lock, kept once a deploy has changed something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from aerodrome.clients.cluster import MERGE_PATCH, Cluster
from aerodrome.clients.cluster_failures import ConflictError
from aerodrome.errors import AerodromeError

_PATH = "/api/v1/namespaces"
_RESERVED = "aerodrome/reserved"
"""Annotation of a namespace that holds nothing but the lock: for a plan it is not there yet."""


def exists(cluster: Cluster, name: str) -> bool:
    """Return whether the namespace is there for more than the lock."""
    found = cluster.find(f"{_PATH}/{name}")
    return found is not None and _RESERVED not in (found["metadata"].get("annotations") or {})


@contextmanager
def reserved(cluster: Cluster, name: str) -> Iterator[None]:
    """Have the namespace for the block; what was made for it is removed again unless :func:`make` was called."""
    made = cluster.find(f"{_PATH}/{name}") is None and _create(cluster, name, {_RESERVED: "true"})
    try:
        yield
    finally:
        # What the block failed with is told, not that the cluster is still away; one that stays is in nobody's way.
        with suppress(AerodromeError):
            if made and not exists(cluster, name):
                cluster.request("DELETE", f"{_PATH}/{name}")


def make(cluster: Cluster, name: str) -> None:
    """Make the namespace, or keep one that was reserved."""
    if cluster.find(f"{_PATH}/{name}") is None and _create(cluster, name, {}):
        return
    body = {"metadata": {"annotations": {_RESERVED: None}}}
    cluster.request("PATCH", f"{_PATH}/{name}", body=body, headers=MERGE_PATCH)


def _create(cluster: Cluster, name: str, annotations: dict[str, str]) -> bool:
    """Return whether it was this call that made it."""
    try:
        cluster.request("POST", _PATH, body={"metadata": {"name": name, "annotations": annotations}})
    except ConflictError:
        return False
    return True
