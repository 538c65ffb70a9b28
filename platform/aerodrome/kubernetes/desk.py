"""The Airflow of a cluster, and the passwords that deploys give to users in it: one Secret beside the release."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aerodrome.clients.airflow import Airflow
from aerodrome.clients.cluster import MERGE_PATCH, Cluster
from aerodrome.clients.cluster_exec import Container, run
from aerodrome.clients.cluster_forward import Pods, forwarded, ready
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.render.roles import ADMIN

SECRET = "aerodrome-people"  # noqa: S105 - a name
COMPONENT = "api-server"
PORT = 8080
LONGEST_SECONDS = 900
_MADE_BY = {"app.kubernetes.io/managed-by": "aerodrome"}


@dataclass
class ClusterDesk:
    """Reached through the API server of the cluster: nothing of Airflow need be open to whoever deploys."""

    cluster: Cluster
    environment: Environment
    address: str
    """Host and port that lead to Airflow's API server."""
    _passwords: dict[str, str] = field(default_factory=dict, repr=False)

    def administrator(self) -> Airflow | None:
        """Return the administrator's access; None where the API server does not answer."""
        access = self.access()
        return access if access.answers() else None

    def access(self) -> Airflow:
        """Return the administrator's access, whether or not the API server answers now."""
        return Airflow(f"http://{self.address}", ADMIN, self.known[ADMIN])

    def has_password(self, user: str) -> bool:
        """Return whether the Secret holds a password of *user*."""
        return user in self.known

    def password(self, user: str) -> str:
        """Return the password of *user*, kept in the Secret before anybody hears of it."""
        if user not in self.known:
            self._keep(user, secrets.token_urlsafe(24))
        return self.known[user]

    def write(self, document: str) -> tuple[str, ...]:
        """Bring Airflow to *document*, inside a container of its API server, and return what that changed."""
        pod = ready(self.cluster, pods(self.environment))
        where = Container(self.environment.cluster.namespace, pod, COMPONENT)
        program = ("python", "-m", "aerodrome_airflow.roles.deployed")
        answer = run(self.cluster, where, program, document, LONGEST_SECONDS)
        return tuple(json.loads(answer.strip().splitlines()[-1])["changed"])

    @cached_property
    def known(self) -> dict[str, str]:
        """User → password, as the Secret holds them now."""
        found = self.cluster.find(f"{self._secrets}/{SECRET}")
        if found is None:
            return {}
        if not _MADE_BY.items() <= (found["metadata"].get("labels") or {}).items():
            remedy = f"look what it is; a deploy keeps the passwords of Airflow's users in a Secret called {SECRET}"
            raise UserError(f"Secret {SECRET} was made by nobody who deploys", remedy)
        return {user: base64.b64decode(text).decode() for user, text in (found.get("data") or {}).items()}

    def _keep(self, user: str, password: str) -> None:
        data = {user: base64.b64encode(password.encode()).decode()}
        if self.cluster.find(f"{self._secrets}/{SECRET}") is None:
            self.cluster.request("POST", self._secrets, body=_secret(data))
        else:
            place = f"{self._secrets}/{SECRET}"
            self.cluster.request("PATCH", place, body={"data": data}, headers=MERGE_PATCH)
        self.known[user] = password

    @property
    def _secrets(self) -> str:
        return f"/api/v1/namespaces/{self.environment.cluster.namespace}/secrets"


def _secret(data: Mapping[str, str]) -> dict[str, Any]:
    return {"type": "Opaque", "metadata": {"name": SECRET, "labels": _MADE_BY}, "data": dict(data)}


def pods(environment: Environment) -> Pods:
    """Return the pods of Airflow's API server."""
    settings = environment.cluster
    return Pods(settings.namespace, f"component={COMPONENT},release={settings.release}", PORT)


@contextmanager
def desk(cluster: Cluster, environment: Environment) -> Iterator[ClusterDesk]:
    """Yield the desk of the environment, whose Airflow need not run yet."""
    with forwarded(cluster, pods(environment)) as address:
        yield ClusterDesk(cluster, environment, address)
