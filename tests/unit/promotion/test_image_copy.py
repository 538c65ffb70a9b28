"""An image is moved between registries byte for byte."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aerodrome.clients.image_copy import Place, copy
from aerodrome.clients.registry import Registry
from aerodrome.errors import AerodromeError

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
        kind, name = re.fullmatch(r"/v2/x/platform/(manifests|blobs)/(.+)", self.path).groups()  # type: ignore[union-attr]
        if kind == "blobs":
            return self._say(200 if name in self.server.blobs else 404, self.server.blobs.get(name, b""))
        media, content = self.server.manifests.get(name, ("", b""))
        return self._say(200 if media else 404, content, {"Content-Type": media} if media else {})

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
def _store() -> Iterator[Store]:
    server = Store()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ours() -> Iterator[Store]:
    """Where the image is."""
    with _store() as found:
        yield found


@pytest.fixture
def theirs() -> Iterator[Store]:
    """Where it goes."""
    with _store() as found:
        yield found


def _image(store: Store) -> str:
    document: dict[str, Any] = {
        "config": store.put(b"{}"),
        "layers": [store.put(b"base" * 9_000_000), store.put(b"code")],
    }
    return store.keep(OCI, document)


def test_an_image_keeps_its_digest(ours: Store, theirs: Store) -> None:
    """With its configuration and every layer, also one that is larger than a piece."""
    found = _image(ours)
    copy(ours.place, found, theirs.place, "t1", lambda _: None)
    assert theirs.manifests["t1"] == ours.manifests[found] and theirs.blobs == ours.blobs


def test_a_list_of_images_brings_each_of_them(ours: Store, theirs: Store) -> None:
    """One for each kind of machine."""
    found = _image(ours)
    several = ours.keep(INDEX, {"manifests": [{"digest": found, "mediaType": OCI}]})
    copy(ours.place, several, theirs.place, "t1", lambda _: None)
    assert theirs.manifests["t1"] == ours.manifests[several] and found in theirs.manifests


def test_what_is_there_is_not_sent_again(ours: Store, theirs: Store) -> None:
    """Tenants' images share the layers of the platform's."""
    found = _image(ours)
    theirs.put(b"base" * 9_000_000)
    copy(ours.place, found, theirs.place, "t1", lambda _: None)
    assert len([path for path in theirs.sent if "/uploads/" in path]) == 2


def test_a_layer_of_another_image_is_taken_from_there(ours: Store, theirs: Store) -> None:
    """By the registry itself; one that does not have it any more is sent it."""
    found, base = _image(ours), b"base" * 9_000_000
    theirs.elsewhere[digest(base)] = base
    layers = {digest(base): "x/other", digest(b"code"): "x/other"}
    copy(ours.place, found, replace(theirs.place, layers=layers), "t1", lambda _: None)
    assert theirs.blobs == ours.blobs and len(theirs.sent) == 3
    assert layers == {digest(base): "x/other", digest(b"code"): "x/platform", digest(b"{}"): "x/platform"}


def test_who_may_not_push_is_told_how_to_log_in(ours: Store, theirs: Store) -> None:
    """Before anything is read."""
    theirs.refuses, host = True, theirs.place.registry.host
    with pytest.raises(AerodromeError) as told:
        copy(ours.place, _image(ours), theirs.place, "t1", lambda _: None)
    assert f"{host}/x/platform: the registry refuses (403)" in str(told.value)
    assert f"buildah login {host}" in str(told.value) and theirs.sent == []


def test_an_image_that_is_not_there_is_named(ours: Store, theirs: Store) -> None:
    """By its repository and its digest."""
    with pytest.raises(
        AerodromeError, match=r"/x/platform: HEAD /v2/x/platform/manifests/sha256:1.* with 404"
    ):
        copy(ours.place, "sha256:1", theirs.place, "t1", lambda _: None)
