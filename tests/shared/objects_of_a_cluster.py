"""A stand-in for an API server of Kubernetes that keeps objects: made, read, listed, changed and removed over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

KINDS = {"namespaces", "secrets", "deployments", "leases", "pods"}
Object = dict[str, Any]


class _Api(BaseHTTPRequestHandler):
    server: _Objects

    def do_GET(self) -> None:
        """An object, or all of a kind."""
        kept = self.server.kept
        if self._path.rsplit("/", 1)[-1] in KINDS:
            items = [one for path, one in sorted(kept.items()) if path.rsplit("/", 1)[0] == self._path]
            self._answer(200, {"items": items})
        else:
            self._answer(200 if self._path in kept else 404, kept.get(self._path, {}))

    def do_POST(self) -> None:
        """Make an object, unless it is there."""
        made = self._asked()
        path = f"{self._path}/{made['metadata']['name']}"
        there = path in self.server.kept
        made["metadata"] = {"uid": str(uuid4()), "resourceVersion": "1", **made["metadata"]}
        self._answer(409 if there else 201, self.server.kept.setdefault(path, made))

    def do_PUT(self) -> None:
        """Replace an object."""
        self.server.kept[self._path] = self._asked()
        self._answer(200, self.server.kept[self._path])

    def do_PATCH(self) -> None:
        """Merge what is asked into an object."""
        assert self.headers["Content-Type"] == "application/merge-patch+json"
        _merge(self.server.kept[self._path], self._asked())
        self._answer(200, self.server.kept[self._path])

    def do_DELETE(self) -> None:
        """Remove an object."""
        self._answer(200, self.server.kept.pop(self._path))

    @property
    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _asked(self) -> Object:
        return dict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, status: int, body: Object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Objects(ThreadingHTTPServer):
    kept: dict[str, Object]


def _merge(there: Object, patch: Object) -> None:
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(there.get(key), dict):
            _merge(there[key], value)
        elif value is None:
            there.pop(key, None)
        else:
            there[key] = value


@contextmanager
def cluster_of_objects(kubeconfig: Path) -> Iterator[dict[str, Object]]:
    """Run it, write how it is reached into *kubeconfig*, and yield path → object of what it holds."""
    with _Objects(("127.0.0.1", 0), _Api) as server:
        server.kept = {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        config = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            "clusters": [{"name": "here", "cluster": {"server": address}}],
            "users": [{"name": "me", "user": {"token": "unused"}}],
        }
        kubeconfig.write_text(yaml.safe_dump(config))
        yield server.kept
        server.shutdown()
