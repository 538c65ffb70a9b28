"""Two real API servers on one database with two tenants' things: one with all defences, one with none."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from free_ports import free_port

HERE = Path(__file__).parent
PLUGIN = "from aerodrome_airflow.guard.plugin import GuardPlugin\n"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
LONGEST_SECONDS = 240
# A connection for each request: the server may close an idle one in the very moment when it is used again.
LIMITS = httpx.Limits(max_keepalive_connections=0)
# Read once: every client would read all authorities of the machine, which takes longer than most requests.
TRUST = httpx.create_ssl_context()


@dataclass(frozen=True)
class Server:
    """A running API server."""

    port: int
    folder: Path
    client: httpx.Client = field(
        default_factory=lambda: httpx.Client(timeout=60, limits=LIMITS, verify=TRUST)
    )
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, user: str | None, method: str, path: str, **request: Any) -> httpx.Response:
        """Return what *user* is answered; None: nobody in particular."""
        headers = {"Authorization": f"Bearer {self.token(user)}"} if user else {}
        return self.client.request(method, self.url + path, headers=headers, **request)

    def token(self, user: str) -> str:
        """Return the token of *user*, by the login that people use."""
        if user not in self.tokens:
            login = {"username": user, "password": "password"}
            answer = self.client.post(f"{self.url}/auth/token", json=login)
            self.tokens[user] = answer.raise_for_status().json()["access_token"]
        return self.tokens[user]

    def task(self, token: str, method: str, path: str, **request: Any) -> httpx.Response:
        """Return what the execution API answers to a task's token."""
        headers = {"Authorization": f"Bearer {token}"} | dict(request.pop("headers", {}))
        return self.client.request(method, f"{self.url}/execution{path}", headers=headers, **request)

    @property
    def routes(self) -> dict[str, list[dict[str, Any]]]:
        """The routes of the running server as it wrote them down when it started.

        `core`, and of the one with all defences `execution` too.
        """
        found: dict[str, list[dict[str, Any]]] = json.loads((self.folder / f"routes-{self.port}").read_text())
        return found

    @property
    def described(self) -> dict[str, Any]:
        """The OpenAPI document of all those in `core`, as the one with all defences wrote it down when it started."""
        found: dict[str, Any] = json.loads((self.folder / f"described-{self.port}").read_text())
        return found


@dataclass(frozen=True)
class Place:
    """Both servers, and what each tenant's things are called."""

    defended: Server
    undefended: Server
    things: dict[str, dict[str, Any]]
    database: str
    secret: str

    def path(self, template: str, whose: str) -> str:
        """Return a path for *template* with the ids of the tenant *whose*; `~`: any DAG, of any tenant."""
        tenant = "alpha" if whose == "~" else whose
        things = self.things[tenant]
        names = things | {
            "asset_alias_id": things["alias"],
            "asset_id": things["asset"],
            "backfill_id": things["backfill"],
            "connection_id": f"{tenant}.db",
            "dag_run_id": things["run_id"],
            "event_log_id": things["log"],
            "group_id": "group",
            "import_error_id": things["error"],
            "key": "state",
            "map_index": -1,
            "option": "executor",
            "pool_name": tenant,
            "section": "core",
            "task_try_number": 1,
            "try_number": 1,
            "variable_key": f"{tenant}.limit",
            "version_number": things["version"],
            "xcom_key": "secret",
        }
        if whose == "~":
            names |= {"dag_id": "~", "run_id": "~", "dag_run_id": "~"}
        return re.sub(r"\{(\w+)(?::path)?\}", lambda found: str(names.get(found[1], "x")), template)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return rows of the database that both servers use."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()


def environment(folder: Path, database: str, secret: str) -> dict[str, str]:
    """Return the settings that both servers share."""
    options = {
        "API__SECRET_KEY": secret,
        "API_AUTH__JWT_SECRET": secret,
        "CORE__FERNET_KEY": "",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__PLUGINS_FOLDER": folder / "plugins",
        "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg://{database}",
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{database}",
        "DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(
            [
                {
                    "name": "tenants",
                    "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                    "kwargs": {"path": str(folder / "bundle")},
                }
            ]
        ),
        "FAB__UPDATE_FAB_PERMS": False,
        "LOGGING__BASE_LOG_FOLDER": folder / "logs",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    own = {f"AIRFLOW__{name}": str(value) for name, value in options.items()}
    return kept | own | {"AIRFLOW_HOME": str(folder / "home"), "AIRFLOW__CORE__AUTH_MANAGER": FAB}


@contextlib.contextmanager
def processes(folder: Path, settings: Mapping[str, str]) -> Iterator[tuple[Server, Server]]:
    """Both servers, with and without defences, when they answer."""
    servers = Server(free_port(), folder), Server(free_port(), folder)
    command = [sys.executable, str(HERE / "serve.py"), str(folder), *(str(server.port) for server in servers)]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            command, env=dict(settings), cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        for server in servers:
            await_answer(running, server)
        yield servers
    finally:
        for server in servers:
            server.client.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
        running.wait(30)


def await_answer(running: subprocess.Popen[bytes], server: Server) -> None:
    """Return when *server* answers."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline and running.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if server.client.get(f"{server.url}/api/v2/version").status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError((server.folder / "log").read_text()[-3000:])


@contextlib.contextmanager
def running(postgres: Any) -> Iterator[Place]:
    """Both servers, ready."""
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-served-"))
    name = f"served_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.uri.replace("postgres:", "postgresql:"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    database = postgres.uri.removeprefix("postgres://").removesuffix("/postgres") + f"/{name}"
    secret = secrets.token_hex(32)
    common = environment(folder, database, secret)
    (folder / "plugins").mkdir()
    (folder / "plugins/guard.py").write_text(PLUGIN)
    try:
        with processes(folder, common) as (defended, undefended):
            things = json.loads((folder / "things.json").read_text())
            yield Place(defended, undefended, things, f"postgresql://{database}", secret)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_SHARED: list[Place] = []


@contextlib.contextmanager
def shared(postgres: Any) -> Iterator[Place]:
    """The servers that this process already runs, or new ones until the end of the context."""
    if _SHARED:
        yield _SHARED[0]
        return
    with running(postgres) as place:
        _SHARED.append(place)
        yield place
        _SHARED.clear()
