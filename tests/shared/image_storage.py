"""A registry that holds images, layer by layer: they can be read there, and pushed to it."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aerodrome.clients.image_copy import Place
from aerodrome.clients.registry import Registry

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Store(ThreadingHTTPServer):
    """A registry in memory that refuses what is not its digest."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.elsewhere: dict[str, bytes] = {}
        self.sent: list[str] = []
        self.refuses = False

    def put(self, content: bytes) -> dict[str, Any]:
        """Hold a blob, and return how manifests name it."""
        self.blobs[digest(content)] = content
        return {"mediaType": "application/octet-stream", "digest": digest(content), "size": len(content)}

    def keep(self, kind: str, document: dict[str, Any], *names: str) -> str:
        """Hold a manifest under its digest and *names*."""
        content = json.dumps(document).encode()
        self.manifests |= dict.fromkeys((digest(content), *names), (kind, content))
        return digest(content)

    @property
    def place(self) -> Place:
        """As commands know it."""
        return Place(Registry(f"127.0.0.1:{self.server_port}", plain_http=True), "x/platform")


class _Answers(BaseHTTPRequestHandler):
    server: Store

    def do_GET(self) -> None:
        """Tell a manifest or a blob."""
        kind, name = re.fullmatch(r"/v2/.+/(manifests|blobs)/(.+)", self.path).groups()  # type: ignore[union-attr]
        if kind == "blobs":
            return self._say(200 if name in self.server.blobs else 404, self.server.blobs.get(name, b""))
        media, content = self.server.manifests.get(name, ("", b""))
        headers = {"Content-Type": media, "Docker-Content-Digest": digest(content)} if media else {}
        return self._say(200 if media else 404, content, headers)

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def do_POST(self) -> None:
        """Begin an upload, or take a layer from another repository."""
        asked = dict(parse_qsl(urlsplit(self.path).query))
        if asked.get("from") == "x/other" and asked["mount"] in self.server.elsewhere:
            self.server.put(self.server.elsewhere[asked["mount"]])
            return self._say(201, b"")
        status = 403 if self.server.refuses else 202
        return self._say(status, b"", {"Location": "/v2/x/platform/blobs/uploads/1?s=2"})

    def do_PUT(self) -> None:
        """Take a blob or a manifest."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.sent.append(self.path)
        if "/manifests/" in self.path:
            name, kind = self.path.rpartition("/")[2], self.headers["Content-Type"]
            self.server.manifests |= dict.fromkeys((digest(content), name), (kind, content))
            return self._say(201, b"", {"Docker-Content-Digest": digest(content)})
        good = self.path.endswith(f"s=2&digest={digest(content).replace(':', '%3A')}")
        self.server.put(content)
        return self._say(201 if good else 400, b"")

    def _say(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, text in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def digest(content: bytes) -> str:
    """Return what a registry calls *content*."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


@contextmanager
def storing_images() -> Iterator[Store]:
    """Run one."""
    server = Store()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
