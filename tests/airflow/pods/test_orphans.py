"""What is left of tenants that are gone is reported; a stand-in for Kubernetes' API has the objects."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aerodrome_airflow import orphans


def named(name: str, **more: Any) -> dict[str, Any]:
    """Return an object as the API lists it."""
    labels = {"release": "rel", "aerodrome/tenant": name.removeprefix("tenant-")}
    return {"metadata": {"name": name, "labels": labels}, **more}


OBJECTS = {
    "/api/v1/namespaces": [named("tenant-flights"), named("tenant-gone"), named("tenant-empty")],
    "/api/v1/namespaces/tenant-gone/resourcequotas": [named("gone", status={"used": {"pods": "3"}})],
    "/api/v1/namespaces/tenant-gone/persistentvolumeclaims": [named("data")],
}


class Api(BaseHTTPRequestHandler):
    """Lists OBJECTS and refuses everything else."""

    def do_GET(self) -> None:
        """Answer with a list."""
        asked = urlsplit(self.path)
        if asked.path == "/api/v1/namespaces":
            assert parse_qs(asked.query)["labelSelector"] == ["release=rel,aerodrome/tenant"]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"items": OBJECTS.get(asked.path, [])}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def _cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    users = [{"name": "u", "user": {}}]
    config = {"clusters": [cluster], "contexts": [context], "users": users, "current-context": "c"}
    (tmp_path / "config").write_text(json.dumps(config))
    monkeypatch.setattr(
        "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config")
    )
    yield
    server.shutdown()


def test_namespaces_of_tenants_that_are_gone_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its pods and volume claims; the job fails."""
    assert orphans.main(["--release", "rel", "flights"]) == orphans.FOUND
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found == [
        {"namespace": "tenant-gone", "tenant": "gone", "pods": 3, "volume_claims": ["data"]},
        {"namespace": "tenant-empty", "tenant": "empty", "pods": 0, "volume_claims": []},
    ]


def test_without_any_it_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """And succeeds."""
    assert orphans.main(["--release", "rel", "flights", "gone", "empty"]) == 0
    assert capsys.readouterr().out == ""
