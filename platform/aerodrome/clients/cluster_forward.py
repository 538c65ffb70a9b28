"""A port of a pod, on loopback of this machine for as long as it is needed (kubernetes)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from kubernetes.stream import portforward
from websocket import WebSocketException

from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_failures import RefusedError
from aerodrome.clients.cluster_websocket import OF_LIBRARY, why
from aerodrome.errors import AerodromeError

_PIECE = 64 * 1024
_HERE = "127.0.0.1"


@dataclass(frozen=True)
class Pods:
    """The pods with *labels*, any of which answers on *port*."""

    namespace: str
    labels: str
    port: int


@dataclass
class Way:
    """Host and port of this machine that lead to a pod, and what the cluster *refused* the newest connection with."""

    address: str
    refused: RefusedError | None = None

    def check(self) -> None:
        """Raise what the cluster refused the newest connection with; do nothing where it let that through."""
        if self.refused is not None:
            raise self.refused


@contextmanager
def forwarded(cluster: Cluster, pods: Pods) -> Iterator[Way]:
    """Yield the way to one of the ready *pods*, chosen anew for each connection."""
    with closing(socket.create_server((_HERE, 0))) as server:
        way = Way(f"{_HERE}:{server.getsockname()[1]}")
        threading.Thread(target=_serve, args=(server, cluster, pods, way), daemon=True).start()
        yield way


def ready(cluster: Cluster, pods: Pods) -> str:
    """Return the name of a pod that is ready; AerodromeError where none is."""
    names = all_ready(cluster, pods)
    if not names:
        raise AerodromeError(
            f"no pod of {pods.labels} is ready in {pods.namespace}",
            f"kubectl --namespace {pods.namespace} get pods --selector {pods.labels}",
        )
    return names[0]


def all_ready(cluster: Cluster, pods: Pods) -> list[str]:
    """Return the names of the *pods* that are ready, in their order."""
    path = f"/api/v1/namespaces/{pods.namespace}/pods"
    found = cluster.get(path, [("labelSelector", pods.labels)])["items"]
    return sorted(str(each["metadata"]["name"]) for each in found if _is_ready(each))


def _is_ready(pod: dict[str, dict[str, object]]) -> bool:
    conditions = pod["status"].get("conditions") or ()
    ends = "deletionTimestamp" in pod["metadata"]
    return not ends and any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in conditions  # type: ignore[attr-defined]
    )


def _serve(server: socket.socket, cluster: Cluster, pods: Pods, way: Way) -> None:
    # Ends when the block that asked for it does: the socket is closed then.
    with suppress(OSError):
        while True:
            here, _ = server.accept()
            threading.Thread(target=_connect, args=(here, cluster, pods, way), daemon=True).start()


def _connect(here: socket.socket, cluster: Cluster, pods: Pods, way: Way) -> None:
    # Whoever asked sees its connection closed, and asks the way whether it was refused.
    with closing(here), suppress(AerodromeError, OSError, WebSocketException):
        try:
            opened = _opened(cluster, pods)
        except RefusedError as problem:
            way.refused = problem
            return
        way.refused = None
        with closing(opened.socket(pods.port)) as there:
            back = threading.Thread(target=_copy, args=(there, here), daemon=True)
            back.start()
            _copy(here, there)
            back.join()


def _opened(cluster: Cluster, pods: Pods) -> Any:
    pod = ready(cluster, pods)
    try:
        ask = cluster.core().connect_get_namespaced_pod_portforward
        return portforward(ask, pod, pods.namespace, ports=str(pods.port))
    except OF_LIBRARY as problem:
        raise why(problem, cluster.server, f"port {pods.port} of {pod}") from None


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
