"""A small server that answers as the API server of a cluster does: lists of objects, and single ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Object = dict[str, Any]
NAMESPACE = "airflow"
DEPLOYS = f"/api/v1/namespaces/{NAMESPACE}/configmaps/aerodrome-deploys"
LISTS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
    "Pod": "/api/v1/namespaces/{}/pods",
}


@dataclass
class ApiServer:
    """What is in the cluster: path → object or list; *asked* are the paths of all requests, *refused* those of some."""

    found: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refused: dict[str, Object] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    """Paths of which the connection ends without an answer."""
    busy: dict[str, list[int]] = field(default_factory=dict)
    """Path → statuses that it is refused with first, one after the other."""

    def add(self, kind: str, made: Object) -> None:
        """Put an object into the list of its kind."""
        path = LISTS[kind].format(made["metadata"]["namespace"])
        self.found.setdefault(path, {"items": []})["items"].append(made)

    def answer(self, path: str) -> tuple[int, Any]:
        """Return status and document for a request."""
        self.asked.append(path)
        if path in self.refused:
            return 403, self.refused[path]
        if self.busy.get(path):
            return self.busy[path].pop(0), {"message": "leader changed"}
        if path in self.found:
            return 200, self.found[path]
        is_list = path in {each.format(NAMESPACE) for each in LISTS.values()}
        return (200, {"items": []}) if is_list else (404, {"message": "not found"})


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer."""
        if urlsplit(self.path).path in self.server.state.silent:  # type: ignore[attr-defined]
            return
        status, document = self.server.state.answer(urlsplit(self.path).path)  # type: ignore[attr-defined]
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[tuple[ApiServer, str]]:
    """Give what is in the cluster, and the server's address."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    listener.state = ApiServer()  # type: ignore[attr-defined]
    threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield listener.state, f"http://127.0.0.1:{listener.server_port}"  # type: ignore[attr-defined]
    finally:
        listener.shutdown()
        listener.server_close()


def deployment(name: str, wanted: int, ready: int, release: str = "airflow") -> Object:
    """Return a Deployment of a release, all of whose pods are of its newest version."""
    status = {
        "replicas": wanted,
        "updatedReplicas": wanted,
        "availableReplicas": ready,
        "observedGeneration": 1,
    }
    containers = [{"name": "main", "image": f"registry/{name}@sha256:1"}]
    return {
        "metadata": {
            "name": name, "namespace": NAMESPACE, "uid": name, "generation": 1,
            "annotations": {"meta.helm.sh/release-name": release, "deployment.kubernetes.io/revision": "1"},
        },
        "spec": {"replicas": wanted, "template": {"spec": {"containers": containers}}},
        "status": status,
    }  # fmt: skip


def replica_set(owner: str) -> Object:
    """Return what the newest pods of the Deployment *owner* belong to."""
    return {
        "metadata": {
            "name": f"{owner}-1", "namespace": NAMESPACE, "uid": f"{owner}-1",
            "annotations": {"deployment.kubernetes.io/revision": "1"}, "ownerReferences": [{"uid": owner}],
        }
    }  # fmt: skip


def pod(owner: str, number: int = 1, **status: Any) -> Object:
    """Return a pod of the newest version of the Deployment *owner*."""
    metadata = {"name": f"{owner}-1-{number}", "namespace": NAMESPACE}
    return {"metadata": {**metadata, "ownerReferences": [{"uid": f"{owner}-1"}]}, "status": status}


def container(restarts: int = 0, **state: Any) -> list[Object]:
    """Return the statuses of a pod's only container."""
    return [{"name": "main", "restartCount": restarts, "state": state}]


def kubeconfig(**servers: str) -> str:
    """Return a kubeconfig with a context for each of *servers*, name → address; the first one is current."""
    return json.dumps(
        {
            "clusters": [{"name": name, "cluster": {"server": server}} for name, server in servers.items()],
            "users": [{"name": name, "user": {"token": "t"}} for name in servers],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in servers],
            "current-context": next(iter(servers)),
        }
    )


def record(state: ApiServer, *numbers: int) -> None:
    """Have the cluster know deploys of these *numbers*, of the commits c1, c2 and so on."""
    entry = {"when": "2026-11-23T08:00:00+00:00", "who": "ada@desk", "state": {"revision": 1, "bundle": "b"}}
    rows = [entry | {"number": number, "commit": f"c{number}", "back_to": 0} for number in numbers]
    state.found[DEPLOYS] = {"data": {"deploys.json": json.dumps(rows)}}
