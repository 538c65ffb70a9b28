"""The broker of a release, as whoever deploys reaches it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_forward import Pods, forwarded
from aerodrome.clients.redis import Broker
from aerodrome.cluster_settings import ClusterSettings
from aerodrome.errors import AerodromeError

COMPONENT = "redis"
PORT = 6379
ADMIN = "default"
_PASSWORD = "REDIS_PASSWORD"  # noqa: S105 - the name of a variable


@contextmanager
def broker(cluster: Cluster, settings: ClusterSettings) -> Iterator[Broker | None]:
    """Yield the access to the release's own Redis; None where it has none, and the broker is somebody else's."""
    pods = Pods(settings.namespace, f"component={COMPONENT},release={settings.release}", PORT)
    password = _password(cluster, pods)
    if password is None:
        yield None
        return
    with forwarded(cluster, pods) as way:
        try:
            yield Broker(int(way.address.rpartition(":")[2]), ADMIN, password)
        except AerodromeError:
            # What ends in silence may have been refused.
            way.check()
            raise


def _password(cluster: Cluster, pods: Pods) -> str | None:
    """Return the password that the pods are started with."""
    found = cluster.get(f"/api/v1/namespaces/{pods.namespace}/pods", [("labelSelector", pods.labels)])[
        "items"
    ]
    if not found:
        return None
    name, key = _reference(found[0])
    secret = cluster.find(f"/api/v1/namespaces/{pods.namespace}/secrets/{name}")
    if secret is None or key not in secret.get("data", {}):
        raise AerodromeError(f"Secret {name} has no {key}, the password of the release's Redis")
    return base64.b64decode(secret["data"][key]).decode()


def _reference(pod: dict[str, Any]) -> tuple[str, str]:
    variables = [each for container in pod["spec"]["containers"] for each in container.get("env", ())]
    known = (each["valueFrom"]["secretKeyRef"] for each in variables if each["name"] == _PASSWORD)
    found = next(known, None)
    if found is None:
        raise AerodromeError(f"the release's Redis has no {_PASSWORD}: it is not as the chart makes it")
    return str(found["name"]), str(found["key"])
