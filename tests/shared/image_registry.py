"""A registry of images that answers as it is told, and keeps what it was asked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

DIGEST = "sha256:" + "1" * 64


class Asked(NamedTuple):
    """One request: its path, and what it showed as a login."""

    path: str
    shown: str


class ImageRegistry(ThreadingHTTPServer):
    """Has the *images*, `repository:tag` → digest; *needs*: what must be shown, *challenge*: where it sends others."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.images: dict[str, str] = {}
        self.asked: list[Asked] = []
        # Each question waits for as many others.
        self.together = threading.Barrier(1)
        self.needs, self.challenge = "", 'Basic realm="trial"'
        self.token: bytes = b'{"token": "lent"}'

    @property
    def host(self) -> str:
        """How an environment names it."""
        return f"127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: ImageRegistry

    def do_HEAD(self) -> None:
        """Tell the digest of an image."""
        shown = self._noted()
        self.server.together.wait(10)
        if self.server.needs and shown != self.server.needs:
            return self._say(401, {"WWW-Authenticate": self.server.challenge})
        name = self.path.removeprefix("/v2/").replace("/manifests/", ":")
        digest = self.server.images.get(name)
        if digest is None:
            return self._say(404)
        return self._say(200, {"Docker-Content-Digest": digest} if digest else {})

    def do_GET(self) -> None:
        """Lend a token."""
        self._noted()
        self._say(200, content=self.server.token)

    def _noted(self) -> str:
        shown = self.headers.get("Authorization", "")
        self.server.asked.append(Asked(self.path, shown))
        return shown

    def _say(self, status: int, headers: dict[str, str] | None = None, content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def image_registry(certificate: Path | None = None, key: Path | None = None) -> Iterator[ImageRegistry]:
    """Run one; with TLS where it has a *certificate*."""
    server = ImageRegistry()
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
