"""A small server that keeps objects as the API server of a cluster does, and ends Jobs as it is told."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Object = dict[str, Any]
NAMESPACE = "airflow"
KINDS = {
    "/api/v1": {"ServiceAccount": "serviceaccounts", "Secret": "secrets"},
    "/apis/batch/v1": {"Job": "jobs"},
    "/apis/networking.k8s.io/v1": {"NetworkPolicy": "networkpolicies"},
}
_OF_HELM = re.compile(r".*/secrets/sh\.helm\.release\.v1\.airflow\.v(\d+)")


@dataclass
class Store:
    """Path → object. *log* is what a Job's pod says; *fails* in which of its containers, if any; *stuck*: without end.

    *asked*: method and path of each request that changes something. *helm* is the file that the stand-in of helm keeps
    revisions in, which has no Secrets for them.
    """

    helm: Path
    log: str = ""
    fails: str = ""
    stuck: bool = False
    objects: dict[str, Object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    slow: float = 0
    """Seconds until a change is answered, which is done at once."""
    denied: set[str] = field(default_factory=set)
    """What whoever asks may not do, such as "patch roles.rbac.authorization.k8s.io in airflow"."""

    def get(self, path: str) -> tuple[int, Any]:
        """Return an object, the objects of a list, or what an API has."""
        if path in KINDS:
            return 200, {
                "resources": [{"kind": k, "name": n, "namespaced": True} for k, n in KINDS[path].items()]
            }
        if path.endswith("/log"):
            return 200, self.log
        if path in self.objects:
            return 200, self.objects[path]
        if path in ("/version", f"/api/v1/namespaces/{NAMESPACE}"):
            return 200, {"metadata": {}}
        if re.fullmatch(rf"/apis?/.*/namespaces/{NAMESPACE}/\w+|/api/v1/namespaces/{NAMESPACE}/\w+", path):
            found = [one for place, one in self.objects.items() if place.rpartition("/")[0] == path]
            return 200, {"items": found}
        return 404, {"message": "not found"}

    def change(self, method: str, path: str, body: Object) -> tuple[int, Any]:
        """Store, merge or remove an object; what only asks for rights changes nothing."""
        if path.endswith("/selfsubjectaccessreviews"):
            return 201, {"status": {"allowed": self._may(body["spec"]["resourceAttributes"])}}
        self.asked.append(f"{method} {path}")
        if method == "DELETE":
            if found := _OF_HELM.fullmatch(path):
                self._forget(int(found[1]))
            return (200, {}) if self.objects.pop(path, None) or found else (404, {"message": "not found"})
        if method == "POST":
            path = f"{path}/{body['metadata']['name']}"
        kept = self.objects.setdefault(path, {"metadata": {"uid": path, "resourceVersion": "1"}})
        for key, value in body.items():
            kept[key] = {**kept.get(key, {}), **value} if isinstance(value, dict) else value
        if found := _OF_HELM.fullmatch(path):
            kept["metadata"].setdefault("labels", {})["version"] = found[1]
        if body.get("kind") == "Job":
            self._end(kept)
        return 200, kept

    def _may(self, asked: Object) -> bool:
        part = f"/{asked['subresource']}" if asked["subresource"] else ""
        group = f".{asked['group']}" if asked["group"] else ""
        where = f" in {asked['namespace']}" if asked["namespace"] else ""
        return f"{asked['verb']} {asked['resource']}{part}{group}{where}" not in self.denied

    def works(self, number: int) -> None:
        """Have a revision be one that was seen to work."""
        path = f"/api/v1/namespaces/{NAMESPACE}/secrets/sh.helm.release.v1.airflow.v{number}"
        self.change("PATCH", path, {"metadata": {"labels": {"aerodrome/works": str(number)}}})

    def _forget(self, number: int) -> None:
        state = json.loads(self.helm.read_text())
        state["revisions"] = [one for one in state["revisions"] if one["revision"] != number]
        self.helm.write_text(json.dumps(state))

    def _end(self, job: Object) -> None:
        kind, reason = ("Failed", "BackoffLimitExceeded") if self.fails else ("Complete", "")
        ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
        waits = {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}
        job["status"] = (
            {}
            if self.stuck
            else {
                "succeeded": 0 if self.fails else 1,
                "conditions": [{"type": kind, "status": "True", "reason": reason, "message": "it has ended"}],
            }
        )
        name, state = f"{job['metadata']['name']}-1", waits if self.stuck else ended
        statuses = [{"name": self.fails, "restartCount": 0, "state": state}] if self.fails else []
        self.objects[f"/api/v1/namespaces/{NAMESPACE}/pods/{name}"] = {
            "metadata": {
                "name": name, "namespace": NAMESPACE, "ownerReferences": [{"uid": job["metadata"]["uid"]}],
            },
            "status": {"initContainerStatuses": statuses},
        }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        store: Store = self.server.state  # type: ignore[attr-defined]
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if self.command == "GET":
            status, found = store.get(path)
        else:
            status, found = store.change(self.command, path, json.loads(text or b"{}"))
            time.sleep(store.slow)
        body = (found if isinstance(found, str) else json.dumps(found)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    def do_POST(self) -> None:
        """Store."""
        self._answer()

    def do_PATCH(self) -> None:
        """Merge."""
        self._answer()

    def do_DELETE(self) -> None:
        """Remove."""
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Listener(ThreadingHTTPServer):
    request_queue_size = 64
    """Rights are asked for many at once."""


@contextmanager
def storing(helm: Path) -> Iterator[tuple[Store, str]]:
    """Give the objects, and the server's address."""
    listener = _Listener(("127.0.0.1", 0), _Handler)
    listener.state = Store(helm)  # type: ignore[attr-defined]
    threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield listener.state, f"http://127.0.0.1:{listener.server_port}"  # type: ignore[attr-defined]
    finally:
        listener.shutdown()
        listener.server_close()
