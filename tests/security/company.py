"""A company for tests and benchmarks: a directory, an API server with the platform's login, and roles that follow."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import directory
import httpx
import psycopg
import served
from directory import PASSWORD, PEOPLE, Slapd
from free_ports import free_port

ROLES_OF_GROUP = {
    "alpha-people": ["alpha.viewer"],
    "beta-people": ["beta.viewer"],
    "auditors": ["auditor"],
    "regulars": ["alpha.viewer"],
}
PROGRAM = """
import sys
from pathlib import Path
import forking, seed, serve
folder, port = Path(sys.argv[1]), int(sys.argv[2])
forking.done(lambda: seed.main(folder), "filling the database")
serve.serve(folder, port, tell_all=False, CORE__AUTH_MANAGER=serve.OWN)
"""
WEBSERVER = """
from aerodrome_airflow.login.configuration import flask_settings
globals().update(flask_settings())
"""
# A page of FAB that everybody sees who has a role of a tenant, as a deploy sets them up.
PROFILE = """
WITH what AS (INSERT INTO ab_view_menu (id, name) VALUES (nextval('ab_view_menu_id_seq'), 'My Profile') RETURNING id),
may AS (INSERT INTO ab_permission_view (id, permission_id, view_menu_id)
        SELECT nextval('ab_permission_view_id_seq'), a.id, what.id FROM ab_permission a, what
        WHERE a.name = 'can_read' RETURNING id)
INSERT INTO ab_permission_view_role (id, permission_view_id, role_id)
SELECT nextval('ab_permission_view_role_id_seq'), may.id, r.id FROM may, ab_role r WHERE r.name LIKE '%.viewer'
"""


@dataclass(frozen=True)
class Company:
    """The API server, the directory, and what lets roles follow it."""

    server: served.Server
    slapd: Slapd
    follower: subprocess.Popen[str]

    def members(self, group: str, *names: str) -> None:
        """Put exactly *names* into *group*."""
        people = [directory.NOBODY, *(f"uid={name},{PEOPLE}" for name in names)]
        self.slapd.change(f"cn={group},{directory.GROUPS}", member=("MODIFY_REPLACE", people))

    def joins(self, name: str, group: str) -> None:
        """Put a new person into *group*, beside those who are in it."""
        self.slapd.change(f"cn={group},{directory.GROUPS}", member=("MODIFY_ADD", [self.slapd.person(name)]))

    def leaves(self, name: str, group: str) -> None:
        """Take the person out of *group*."""
        who = [f"uid={name},{PEOPLE}"]
        self.slapd.change(f"cn={group},{directory.GROUPS}", member=("MODIFY_DELETE", who))

    @contextlib.contextmanager
    def not_followed(self) -> Iterator[None]:
        """Roles stay as they are, whatever the directory says."""
        self.follower.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.follower.send_signal(signal.SIGCONT)

    def log_in(self, name: str) -> Person:
        """Return a person who has just logged in, in a browser and with a program."""
        browser = httpx.Client(timeout=60, limits=served.LIMITS, verify=served.TRUST)
        answer = self._form(browser, name, PASSWORD)
        assert answer.status_code == 302 and "_token" in browser.cookies, answer.text[-500:]
        token = self._token(name, PASSWORD).raise_for_status().json()
        return Person(self.server.url, browser, token["access_token"])

    def lets_in(self, name: str, password: str) -> bool:
        """Return whether *name* and *password* open the login page, or give a token."""
        with httpx.Client(timeout=60, limits=served.LIMITS, verify=served.TRUST) as browser:
            return self._form(browser, name, password).is_redirect or self._token(name, password).is_success

    def _form(self, browser: httpx.Client, name: str, password: str) -> httpx.Response:
        page = browser.get(f"{self.server.url}/auth/login/").text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        form = {"username": name, "password": password, "csrf_token": found[1] if found else ""}
        return browser.post(f"{self.server.url}/auth/login/", data=form)

    def _token(self, name: str, password: str) -> httpx.Response:
        login = {"username": name, "password": password}
        return httpx.post(f"{self.server.url}/auth/token", json=login, timeout=60, verify=served.TRUST)


@dataclass(frozen=True)
class Person:
    """Somebody with an open page and a token."""

    url: str
    browser: httpx.Client
    token: str

    def asks(self, path: str) -> list[httpx.Response]:
        """Return what the page and the token are answered."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        program = httpx.get(self.url + path, headers=bearer, timeout=60, verify=served.TRUST)
        return [self.browser.get(self.url + path), program]

    def dags(self) -> list[set[str]]:
        """Return the tenants whose DAGs each of them sees; none where it is refused."""
        answers = [*self.asks("/api/v2/dags"), self.browser.get(f"{self.url}/ui/dags")]
        return [
            {dag["dag_id"].partition(".")[0] for dag in answer.json()["dags"]} if answer.is_success else set()
            for answer in answers
        ]

    def profile(self) -> int:
        """Return how FAB's own page about the user ends."""
        return self.browser.get(f"{self.url}/auth/users/userinfo/").status_code


@contextlib.contextmanager
def running(slapd: Slapd, database: str, folder: Path) -> Iterator[Company]:
    """A company whose roles follow *slapd* as they do for everybody.

    *database* is an empty one, `user@host:port/name` and perhaps a password; *folder* takes all files.
    """
    for group in ROLES_OF_GROUP:
        slapd.group(group)
    for home in ("home", "follower"):
        (folder / home).mkdir()
        directory.write_login(folder / home, slapd, ROLES_OF_GROUP)
    (folder / "home/webserver_config.py").write_text(WEBSERVER)
    with serving(folder, database) as server, psycopg.connect(f"postgresql://{database}") as connection:
        connection.execute(PROFILE)
        connection.commit()
        process = directory.follow(folder / "follower", f"postgresql+psycopg://{database}")
        try:
            yield Company(server, slapd, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


@contextlib.contextmanager
def serving(folder: Path, database: str) -> Iterator[served.Server]:
    """An API server as the platform configures it."""
    server = served.Server(free_port(), folder)
    (folder / "plugins").mkdir()
    (folder / "plugins/guard.py").write_text(served.PLUGIN)
    own = {
        "AIRFLOW__API__BASE_URL": server.url,
        "AIRFLOW__FAB__CACHE_TTL": "10",
        "PYTHONPATH": str(Path(served.__file__).parent),
    }
    settings = served.environment(folder, database, secrets.token_hex(32)) | own
    command = [sys.executable, "-c", PROGRAM, str(folder), str(server.port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=settings, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        served.await_answer(process, server)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
