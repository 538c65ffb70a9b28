"""An entrance that runs: Debian's Redis with TLS, OpenBao, nginx, a served bundle, and a server in Airflow's place."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import redis
import yaml
from aerodrome.bundle import publish
from aerodrome.clients.supervisor import ProcessState
from aerodrome.environment import Environment
from aerodrome.hosts.credentials import HostCredentials
from aerodrome.hosts.inventory import load_inventory
from aerodrome.local.machine import state
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import folders, readiness, topology
from aerodrome.local.processes.process import Process
from aerodrome.local.release.host_access import LocalHostAccess
from aerodrome.local.stores import openbao, secrets_store
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.render.host_places import AUTHORITY
from free_ports import free_ports

PROCESSES = ("redis", "openbao", "entrance", "entrance-broker")
ADDRESS = "127.0.0.2"
NAME = "edge"
HOSTS = {"h1": ["onprem"], "h2": ["onprem"], "p1": ["pii"]}
OWNERS = [{"name": "Team", "email": "team@example.org"}]
TENANTS = {
    "alpha": {"queues": ["default", "onprem"], "connections": {"db": {"type": "postgres"}}},
    "beta": {"queues": ["pii"], "connections": {"people": {"type": "postgres"}}},
}
_LINKED = ("platform", "common_plugins", "pyproject.toml", "requirements.lock", ".venv")


def environment(free: list[int]) -> dict[str, Any]:
    """Return environment.yaml with the ports *free*: two zones on hosts, one here."""
    api, database, broker, store, cluster, *entrance = free
    ports = {
        "api_server": api,
        "postgres": database,
        "redis": broker,
        "openbao": store,
        "openbao_cluster": cluster,
    }
    return {
        "kind": "local",
        "zones": {"default": {}, "onprem": {"workers": "hosts"}, "pii": {"workers": "hosts"}},
        "queues": {
            "default": {"zone": "default"},
            "onprem": {"zone": "onprem", "shared": False},
            "heavy": {"zone": "onprem", "shared": False},
            "pii": {"zone": "pii", "personal_data": True, "shared": False},
        },
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
        "hosts": {
            "entrance": {
                "address": ADDRESS,
                **dict(zip(("broker", "api", "secrets", "bundle"), entrance, strict=True)),
            }
        },
        "local": {"ports": ports},
    }


def inventory(hosts: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return hosts.yml of *hosts* and their queues."""
    places = enumerate(hosts.items(), 1)
    return {
        "all": {
            "hosts": {name: {"ansible_host": f"10.9.9.{n}", "queues": queues} for n, (name, queues) in places}
        }
    }


def made(repository: Path, root: Path) -> Platform:
    """Return a platform on paper, in a clone of its own below *root*, without users of its own."""
    clone = root / "clone"
    (clone / "tenants").mkdir(parents=True)
    settings = environment(free_ports(9))
    for path, document in {"environment.yaml": settings, "inventory/hosts.yml": inventory(HOSTS)}.items():
        target = clone / "environments" / NAME / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(document))
    for name in _LINKED:
        (clone / name).symlink_to(repository / name)
    built = Environment.model_validate({"name": NAME, **settings})
    tenants = {
        name: TenantManifest.model_validate({"owners": OWNERS, **more}) for name, more in TENANTS.items()
    }
    layout = replace(state.locate(clone, root / "state"), root=False)
    return Platform(layout, built, tenants, hosts=load_inventory(clone, built).hosts)


@dataclass
class Upstream:
    """What stands in the place of the API server: the paths and lengths it was asked for, and what it answers."""

    asked: list[tuple[str, int]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)


@contextmanager
def upstream(port: int) -> Iterator[Upstream]:
    """Answer on *port* as long as the block lasts."""
    found = Upstream()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.asked.append((self.path, len(body)))
            answer = json.dumps(found.answers.get(self.path.partition("?")[0], self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def command(process: Process) -> tuple[str, ...]:
    """Return what runs *process*; nginx goes on as who started it, as it does under the supervisor."""
    if process.name.startswith("entrance") and os.geteuid() == 0:
        return (*process.command[:-1], f"{process.command[-1]} user root;")
    return process.command


@contextmanager
def running(platform: Platform) -> Iterator[Entrance]:
    """Run the entrance of *platform* and what is behind it, with nobody let in yet."""
    folders.base(platform)
    processes = tuple(found for found in topology.desired(platform) if found.name in PROCESSES)
    folders.of_processes(platform, processes)
    folders.write_configuration(platform, processes)
    openbao.begin_anew(platform)
    with ExitStack() as stack:
        api = stack.enter_context(upstream(platform.ports.api_server))
        started = {process.name: stack.enter_context(_started(process)) for process in processes}
        pids = {name: one.pid for name, one in started.items()}
        assert wait_until(lambda: all(is_ready(platform, name, pid) for name, pid in pids.items()), 20)
        openbao.initialise(platform)
        secrets_store.rules(platform).apply((), lambda _: None)
        publish(platform.layout.bundle, {"alpha/daily.py": "first = 1\n"}, source="tests")
        yield Entrance(platform, pids, api)


@contextmanager
def _started(process: Process) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command(process),
        cwd=process.folder,
        env={"PATH": os.defpath, **process.environment},
        stdout=subprocess.DEVNULL,
    ) as one:
        try:
            yield one
        finally:
            one.terminate()
            one.wait(20)


def is_ready(platform: Platform, name: str, pid: int) -> bool:
    """Return whether the process *name* does its work."""
    return readiness.is_ready(platform, ProcessState(name, "RUNNING", pid, 0, ""))


@dataclass(frozen=True)
class Entrance:
    """A running one; *pids*: process → pid."""

    platform: Platform
    pids: Mapping[str, int]
    api: Upstream

    @property
    def access(self) -> LocalHostAccess:
        """Who lets hosts in."""
        return LocalHostAccess(self.platform.layout.repository, NAME, self.platform)

    def let_in(self, host: str, *, new_login: bool = False) -> HostCredentials:
        """Return what *host* is given; its broker's address names the authority's file as it is here."""
        given = self.access.credentials([host], [host] if new_login else ())[host]
        return replace(
            given, broker_url=given.broker_url.replace(AUTHORITY, str(self.platform.layout.authority))
        )

    @contextmanager
    def with_queues(self, **hosts: list[str]) -> Iterator[Entrance]:
        """Give the same entrance with another inventory for the block: *hosts* have other queues there."""
        clone = self.platform.layout.repository
        path = clone / "environments" / NAME / "inventory/hosts.yml"
        before = path.read_text()
        path.write_text(yaml.safe_dump(inventory({**HOSTS, **hosts})))
        try:
            named = load_inventory(clone, self.platform.environment).hosts
            yield replace(self, platform=replace(self.platform, hosts=named))
        finally:
            path.write_text(before)

    def broker(self, url: str) -> redis.Redis:
        """Return the broker for who has this *url*."""
        return redis.Redis.from_url(url, decode_responses=True, socket_timeout=5)

    def logged_in(self, host: str) -> str:
        """Return the token of *host*, which unwraps its first login for it."""
        given = self.let_in(host, new_login=True)
        secret = self.store("sys/wrapping/unwrap", {}, given.wrapped_login)[1]["data"]["secret_id"]
        answer = self.store("auth/approle/login", {"role_id": given.role_id, "secret_id": secret})[1]
        return str(answer["auth"]["client_token"])

    def store(
        self, path: str, document: Mapping[str, Any] | None = None, token: str = "", method: str = ""
    ) -> tuple[int, Any]:
        """Return status and answer of the secrets store's API to a host."""
        port = self.entrance.secrets
        data = None if document is None else json.dumps(document).encode()
        return self.ask(port, f"/v1/{path}", data, {"X-Vault-Token": token} if token else {}, method)

    @property
    def entrance(self) -> Any:
        """Its settings."""
        return self.platform.entrance

    def ask(
        self,
        port: int,
        path: str,
        data: bytes | None = None,
        headers: Mapping[str, str] = {},
        method: str = "",
    ) -> tuple[int, Any]:
        """Return status and answer of an HTTP request, whose path is sent as it is."""
        request = urllib.request.Request(
            f"https://{ADDRESS}:{port}{path}",
            data,
            dict(headers),
            method=method or ("GET" if data is None else "POST"),
        )
        try:
            with urllib.request.urlopen(request, context=self.tls(), timeout=10) as found:
                return found.status, _read(found.read())
        except urllib.error.HTTPError as problem:
            return problem.code, _read(problem.read())

    def tls(self) -> ssl.SSLContext:
        """Return TLS as a host has it."""
        return ssl.create_default_context(cafile=str(self.platform.layout.authority))


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
