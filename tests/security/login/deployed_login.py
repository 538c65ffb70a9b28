"""A whole deploy whose people come by the directory that it runs, and what one of them may do until its end."""

from __future__ import annotations

import pwd
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from aerodrome.clients.airflow import Airflow
from aerodrome.clients.directory import relative_name
from aerodrome.local.machine import accounts
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.release.first_runs import wait_visible
from aerodrome.local.stores import directory
from live_platform import deployed

OWN, OTHER = "aster", "briar"
NAME, PASSWORD = "anne", "correct horse"
PERSON = f"uid={NAME},{directory.PEOPLE}"
REFUSED = {401, 403}
LIMIT_SECONDS = 60


@dataclass(frozen=True)
class Course:
    """What happened to a person of the directory, from the first login until nothing is there any more.

    *ended*: seconds from leaving the group until the token is refused, or None. *left*: what destroy left behind.
    """

    wrong_password: int
    tenants: set[str]
    other_dag: int
    ended: float | None
    login_after: int
    left: tuple[str, ...]


def course(copy: Path, state: Path) -> Course:
    """Deploy *copy*, log somebody in by REST, take them out of their group, destroy everything."""
    with deployed(copy, state) as platform:
        wait_visible(access.admin_access(platform), {f"{OWN}.hello", f"{OTHER}.hello"}, print)
        _hire(platform)
        wrong = _login(platform, "another one").status_code
        token = _login(platform, PASSWORD).raise_for_status().json()["access_token"]
        tenants = {
            row["dag_id"].partition(".")[0] for row in Airflow(platform.api_url, NAME, PASSWORD).dags()
        }
        other = _asks(platform, token, f"/{OTHER}.hello")
        ended = _leave(platform, token)
        after = _login(platform, PASSWORD).status_code
    return Course(wrong, tenants, other, ended, after, tuple(_left(platform)))


def _group() -> str:
    return f"{relative_name('cn', f'readers of {OWN}')},{directory.GROUPS}"


def _hire(platform: Platform) -> None:
    """Make somebody whom no deploy knows, in the group of a tenant's viewers."""
    company = directory.access(platform)
    company.add(PERSON, {"objectClass": ["inetOrgPerson"], "uid": [NAME], "cn": ["Anne"], "sn": ["A"]})
    company.set_password(PERSON, PASSWORD)
    company.change(_group(), "member", add=[PERSON])


def _leave(platform: Platform, token: str) -> float | None:
    directory.access(platform).change(_group(), "member", remove=[PERSON])
    start = time.monotonic()
    refused = wait_until(lambda: _asks(platform, token, "") in REFUSED, LIMIT_SECONDS)
    return time.monotonic() - start if refused else None


def _login(platform: Platform, password: str) -> httpx.Response:
    body = {"username": NAME, "password": password}
    return httpx.post(f"{platform.api_url}/auth/token", json=body, timeout=60)


def _asks(platform: Platform, token: str, dag: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{platform.api_url}/api/v2/dags{dag}", headers=headers, timeout=60).status_code


def _left(platform: Platform) -> Iterator[str]:
    layout = platform.layout
    yield from (str(place) for place in (layout.state, layout.run) if place.exists())
    yield from accounts.used_by(layout.name)
    for tenant in platform.tenants:
        with suppress(KeyError):
            yield pwd.getpwnam(str(platform.os_user(tenant))).pw_name
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", platform.ports.directory)) == 0:
            yield f"somebody at port {platform.ports.directory}"
    for process in psutil.process_iter(["cmdline"]):
        if str(layout.state) in " ".join(process.info["cmdline"] or ()):
            yield f"process {process.pid}"
