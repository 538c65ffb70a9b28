"""Somebody in the directory that the platform runs, whom no deploy has made."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from aerodrome.clients.airflow import Airflow
from aerodrome.clients.directory import relative_name
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import directory

NAME, PASSWORD = "anne", "correct horse"
PERSON = f"uid={NAME},{directory.PEOPLE}"


@dataclass(frozen=True)
class Colleague:
    """A person of *tenant*'s, by the group of its viewers."""

    platform: Platform
    tenant: str

    def join(self) -> None:
        """Make the person, in the group."""
        company = directory.access(self.platform)
        company.add(PERSON, {"objectClass": ["inetOrgPerson"], "uid": [NAME], "cn": ["Anne"], "sn": ["A"]})
        company.set_password(PERSON, PASSWORD)
        self.come_back()

    def come_back(self) -> None:
        """Put the person into the group, too."""
        directory.access(self.platform).change(self._group, "member", add=[PERSON])

    def leave(self) -> None:
        """Take the person out of the group."""
        directory.access(self.platform).change(self._group, "member", remove=[PERSON])

    @property
    def _group(self) -> str:
        return f"{relative_name('cn', f'readers of {self.tenant}')},{directory.GROUPS}"

    def log_in(self, password: str = PASSWORD) -> httpx.Response:
        """Return the answer to a login by REST."""
        body = {"username": NAME, "password": password}
        return httpx.post(f"{self.platform.api_url}/auth/token", json=body, timeout=60)

    def token(self) -> str:
        """Return the token of a new login."""
        return str(self.log_in().raise_for_status().json()["access_token"])

    def tenants(self) -> set[str]:
        """Return the tenants whose DAGs the person is shown."""
        shown = Airflow(self.platform.api_url, NAME, PASSWORD).dags()
        return {row["dag_id"].partition(".")[0] for row in shown}

    def asks(self, token: str, dag: str = "") -> int:
        """Return the status of the answer to who holds *token* and asks for DAGs, or for one: `/<its id>`."""
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.get(f"{self.platform.api_url}/api/v2/dags{dag}", headers=headers, timeout=60)
        return answer.status_code
