"""Real API servers, each with a login of its own, as tests of logins use them."""

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
from served import LIMITS, TRUST

PROGRAM = Path(__file__).with_name("login_servers_program.py")
WEBSERVER = """\
from aerodrome_airflow.login.configuration import flask_settings
globals().update(flask_settings())
"""
LONGEST_SECONDS = 240
_CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_CHANNEL = {"name": "central", "type": "file", "target": "central.jsonl"}


@dataclass(frozen=True)
class Login:
    """What login.json and its secrets say, and options of Airflow's."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Browser:
    """Somebody with a browser of their own."""

    server: LoginServer
    client: httpx.Client

    def form(self, name: str, password: str, path: str = "/auth/login/", **query: str) -> httpx.Response:
        """Return what the login page answers to its form."""
        page = self.client.get(path, params=query)
        found = _CSRF.search(page.text)
        token = found[1] if found else ""
        data = {"csrf_token": token, "username": name, "password": password}
        return self.client.post(path, params=query, data=data)

    def log_in(self, name: str, password: str = "password") -> httpx.Response:
        """Log in by the form and follow to the first page, which sets the token."""
        answer = self.form(name, password)
        assert answer.status_code == 302, (answer.status_code, shown(answer))
        return self.client.get("/auth/")

    def by_provider(self) -> httpx.Response:
        """Log in as whoever is logged in at the provider, and return what the server answers to that."""
        there = self.client.get("/auth/login/company")
        back = self.client.get(there.headers["location"])
        answer = self.client.get(back.headers["location"])
        self.client.get("/auth/")
        return answer

    def log_in_again(self) -> str:
        """Return the token that the first page gives to whoever is logged in."""
        self.client.get("/auth/")
        return self.client.cookies["_token"]

    @property
    def roles(self) -> set[str]:
        """The roles of whoever is logged in, as FAB tells them."""
        return self.server.roles(self.me())

    def me(self) -> str:
        """Return whom the server takes this browser for, or an empty text."""
        answer = self.client.get("/ui/auth/me")
        return str(answer.json()["username"]) if answer.status_code == 200 else ""


@dataclass(frozen=True)
class LoginServer:
    """A running API server."""

    port: int
    home: Path
    database: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def browser(self) -> Iterator[Browser]:
        """A browser without any cookie."""
        with httpx.Client(base_url=self.url, timeout=60, limits=LIMITS, verify=TRUST) as client:
            yield Browser(self, client)

    def token(self, name: Any, password: Any = "password", *, address: str = "") -> httpx.Response:
        """Return what POST /auth/token answers; *address*: where a proxy on this machine says that it comes from."""
        body = {"username": name, "password": password}
        headers = {"X-Forwarded-For": address} if address else {}
        return httpx.post(f"{self.url}/auth/token", json=body, headers=headers, timeout=60, verify=TRUST)

    def roles(self, name: str) -> set[str]:
        """Return the roles of a user, or an empty set where there is none."""
        found = self.query(
            "SELECT r.name FROM ab_user u JOIN ab_user_role x ON x.user_id = u.id"
            " JOIN ab_role r ON r.id = x.role_id WHERE u.username = %s AND u.active",
            name,
        )
        return {row[0] for row in found}

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return rows of the server's database."""
        with psycopg.connect(f"postgresql://{self.database}", autocommit=True) as connection:
            answer = connection.execute(statement.encode(), values)
            return answer.fetchall() if answer.description else []

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """What the central channel has heard."""
        file = self.home / "alerts/central.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def log(self) -> str:
        """What the servers have said."""
        return (self.home.parent / "log").read_text()


def shown(answer: httpx.Response) -> str:
    """Return the text of a page without its markup."""
    return " ".join(re.sub(r"(?s)<(script|style).*?</\1>|<[^>]+>", " ", answer.text).split())


@contextlib.contextmanager
def running(postgres: Any, logins: Mapping[str, Login]) -> Iterator[dict[str, LoginServer]]:
    """API servers on one database, by name."""
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-logins-"))
    database = _database(postgres)
    servers = {name: LoginServer(free_port(), folder / name, database) for name in logins}
    plan = [_prepared(servers[name], login) for name, login in logins.items()]
    (folder / "servers.json").write_text(json.dumps(plan))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(folder)],
            env=_environment(folder, database),
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        for server in servers.values():
            _await(process, server)
        yield servers
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _prepared(server: LoginServer, login: Login) -> dict[str, Any]:
    server.home.mkdir()
    (server.home / "login.json").write_text(json.dumps(login.settings))
    (server.home / "login-secrets.json").write_text(json.dumps(dict(login.secrets)))
    (server.home / "webserver_config.py").write_text(WEBSERVER)
    options = {
        "API__BASE_URL": server.url,
        "FAB__CONFIG_FILE": str(server.home / "webserver_config.py"),
        "AERODROME__ALERT_FOLDER": str(server.home / "alerts"),
        "AERODROME__LOGIN_KIND": str(login.settings["kind"]),
        **login.options,
    }
    named = {f"AIRFLOW__{name}": value for name, value in options.items()}
    return {"port": server.port, "home": str(server.home), "options": named}


def _database(postgres: Any) -> str:
    name = f"logins_{secrets.token_hex(4)}"
    server = postgres.uri.removeprefix("postgres://").removesuffix("/postgres")
    with psycopg.connect(f"postgresql://{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{server}/{name}"


def _environment(folder: Path, database: str) -> dict[str, str]:
    secret = secrets.token_hex(32)
    options = {
        "API__SECRET_KEY": secret,
        "API_AUTH__JWT_SECRET": secret,
        "AERODROME__CENTRAL_ALERT_CHANNEL": json.dumps(_CHANNEL),
        "AERODROME__ENVIRONMENT": "test",
        "CORE__AUTH_MANAGER": "aerodrome_airflow.auth.manager.AerodromeFabAuthManager",
        "CORE__FERNET_KEY": "",
        "CORE__LOAD_EXAMPLES": "False",
        "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg://{database}",
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{database}",
        "FAB__UPDATE_FAB_PERMS": "False",
        "FAB__CACHE_TTL": "1",
        "FAB__COOKIE_SAMESITE": "Lax",
        "API_AUTH__JWT_EXPIRATION_TIME": "28800",
        "LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    own = {f"AIRFLOW__{name}": value for name, value in options.items()}
    return {**kept, **own, "AIRFLOW_HOME": str(folder / "home")}


def _await(process: subprocess.Popen[bytes], server: LoginServer) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{server.url}/api/v2/version", verify=TRUST).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(server.log[-5000:])
