"""Whoever is taken out of a group loses access, in the pages that are open and with the tokens that are held.

An API server with the platform's login, a directory, and the process that follows it; nobody logs in again.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import directory
import httpx
import psycopg
import pytest
import served
from directory import PASSWORD, PEOPLE, Slapd

pytestmark = pytest.mark.all_attacks
LIMIT_SECONDS = 60
ROLES_OF_GROUP = {"alpha-people": ["alpha.viewer"], "beta-people": ["beta.viewer"], "auditors": ["auditor"]}
PROGRAM = """
import sys
from pathlib import Path
import forking, seed, serve
folder, port = Path(sys.argv[1]), int(sys.argv[2])
forking.done(lambda: seed.main(folder), "filling the database")
serve.serve(folder, port, CORE__AUTH_MANAGER=serve.OWN)
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
    """The API server and the directory."""

    server: served.Server
    slapd: Slapd

    def members(self, group: str, *names: str) -> None:
        """Put exactly *names* into *group*."""
        people = [directory.NOBODY, *(f"uid={name},{PEOPLE}" for name in names)]
        self.slapd.change(f"cn={group},{directory.GROUPS}", member=("MODIFY_REPLACE", people))


@dataclass(frozen=True)
class Person:
    """Somebody with an open page and a token."""

    url: str
    browser: httpx.Client
    token: str

    def asks(self, path: str) -> list[httpx.Response]:
        """Return what the page and the token are answered."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        return [self.browser.get(self.url + path), httpx.get(self.url + path, headers=bearer, timeout=60)]

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


@pytest.fixture(scope="module")
def company(slapd: Slapd, postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Everything runs, and roles follow the directory as they do for everybody."""
    folder, name = tmp_path_factory.mktemp("company"), f"company_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.uri.replace("postgres:", "postgresql:"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    database = postgres.uri.removeprefix("postgres://").removesuffix("/postgres") + f"/{name}"
    for person in ("jo", "kim", "lee"):
        slapd.person(person)
    for group in ROLES_OF_GROUP:
        slapd.group(group)
    for home in ("home", "follower"):
        (folder / home).mkdir()
        directory.write_login(folder / home, slapd, ROLES_OF_GROUP)
    (folder / "home/webserver_config.py").write_text(WEBSERVER)
    with running(folder, database) as server, psycopg.connect(f"postgresql://{database}") as connection:
        connection.execute(PROFILE)
        connection.commit()
        process = directory.follow(folder / "follower", f"postgresql+psycopg://{database}")
        yield Company(server, slapd)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@contextlib.contextmanager
def running(folder: Path, database: str) -> Iterator[served.Server]:
    """An API server as the platform configures it."""
    server = served.Server(served.free_port(), folder)
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


def logged_in(server: served.Server, name: str) -> Person:
    """Return a person who has just logged in, in a browser and with a program."""
    browser = httpx.Client(timeout=60, limits=served.LIMITS)
    page = browser.get(f"{server.url}/auth/login/").text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    form = {"username": name, "password": PASSWORD, "csrf_token": found[1]}
    answer = browser.post(f"{server.url}/auth/login/", data=form)
    assert answer.status_code == 302 and "_token" in browser.cookies, answer.text[-500:]
    login = {"username": name, "password": PASSWORD}
    token = httpx.post(f"{server.url}/auth/token", json=login, timeout=60).raise_for_status().json()
    return Person(server.url, browser, token["access_token"])


@dataclass(frozen=True)
class Leavers:
    """Three who were taken out of a group at the same moment, after they had logged in."""

    jo: Person
    kim: Person
    lee: Person
    since: float

    def wait(self, done: Callable[[], bool]) -> None:
        """Return once *done* returns true; it must within a minute of the change."""
        while not done():
            assert time.monotonic() - self.since < LIMIT_SECONDS
            time.sleep(0.5)
        print(f"{time.monotonic() - self.since:.0f} s after the change at the latest")


@pytest.fixture(scope="module")
def leavers(company: Company) -> Leavers:
    """Jo was of alpha and is nothing, Kim was of alpha and is of beta, Lee was an auditor and is of alpha."""
    company.members("alpha-people", "jo", "kim", "lee")
    company.members("auditors", "lee")
    jo, kim, lee = (logged_in(company.server, name) for name in ("jo", "kim", "lee"))
    for person in (jo, kim):
        assert person.dags() == [{"alpha"}] * 3 and person.profile() == 200
    assert connections(lee) == [4, 4] and lee.dags() == [{"alpha", "beta"}] * 3
    company.members("alpha-people", "lee")
    company.members("beta-people", "kim")
    company.members("auditors")
    return Leavers(jo, kim, lee, time.monotonic())


def connections(person: Person) -> list[int]:
    """Return how many connections the page and the token see."""
    return [answer.json()["total_entries"] for answer in person.asks("/api/v2/connections")]


def test_who_is_taken_out_of_all_groups_is_out_within_a_minute(company: Company, leavers: Leavers) -> None:
    """The pages of Airflow, those of FAB, and the API; with the cookie, and with the token."""
    jo = leavers.jo
    leavers.wait(lambda: jo.dags() == [set()] * 3 and jo.profile() == 302)
    answers = [*jo.asks("/api/v2/dags"), *jo.asks("/ui/auth/menus"), *jo.asks("/auth/fab/v1/users")]
    assert {answer.status_code for answer in answers} <= {401, 403}
    login = {"username": "jo", "password": PASSWORD}
    again = company.server.client.post(f"{company.server.url}/auth/token", json=login)
    assert again.status_code in {401, 403}


def test_who_moves_to_another_tenant_sees_that_one_and_no_longer_the_first(leavers: Leavers) -> None:
    """In the same page and with the same token."""
    kim = leavers.kim
    leavers.wait(lambda: kim.dags() == [{"beta"}] * 3)
    assert [answer.status_code for answer in kim.asks("/api/v2/dags/alpha.daily")] == [403] * 2
    assert kim.profile() == 200


def test_who_no_longer_audits_sees_the_own_tenant_only(leavers: Leavers) -> None:
    """A role of the whole platform ends as any other one does."""
    leavers.wait(lambda: connections(leavers.lee) == [2, 2])
    assert leavers.lee.dags() == [{"alpha"}] * 3
