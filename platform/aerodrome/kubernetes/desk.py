"""The Airflow of a cluster, and the passwords that deploys give to users in it: one Secret beside the release."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from aerodrome.clients.airflow import Airflow
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_exec import Container, run
from aerodrome.clients.cluster_forward import Pods, all_ready, forwarded, ready
from aerodrome.clients.cluster_pods import last_lines
from aerodrome.clients.cluster_secret import OwnSecret
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError
from aerodrome.render.roles import ADMIN

SECRET = "aerodrome-people"  # noqa: S105 - a name
COMPONENT = "api-server"
PORT = 8080
LONGEST_SECONDS = 900
PATIENCE_SECONDS = 120
"""How long a deploy waits for an answer: an API server that it has started needs minutes for its first ones."""
GLANCE_SECONDS = 20
"""How long others do: an API server that is busy for a moment is no Airflow that does not run."""
_AGAIN_SECONDS = 1


def _open() -> None:
    """Let every connection through."""


@dataclass
class ClusterDesk:
    """Reached through the API server of the cluster: nothing of Airflow need be open to whoever deploys."""

    cluster: Cluster
    environment: Environment
    address: str
    """Host and port that lead to Airflow's API server."""
    patience: float = 0
    """Seconds for which the administrator's questions are asked again while they are not answered."""
    check_way: Callable[[], None] = _open
    """Raises what the cluster refuses the way to Airflow with."""

    def administrator(self) -> Airflow | None:
        """Return the administrator's access; None where the API server does not answer.

        It is asked again for as long as *patience* says, unless no pod of it is ready. RefusedError where the cluster
        lets nobody through to it.
        """
        access = replace(self.access(), patience=self.patience)
        end = time.monotonic() + self.patience
        while not access.answers():
            self.check_way()
            if time.monotonic() >= end or not all_ready(self.cluster, pods(self.environment)):
                return None
            time.sleep(_AGAIN_SECONDS)
        return access

    def access(self) -> Airflow:
        """Return the administrator's access, whether or not the API server answers now.

        AerodromeError where the Secret holds no password of theirs.
        """
        if not self.has_password(ADMIN):
            remedy = f"the next deploy makes one: make deploy ENV={self.environment.name}"
            raise AerodromeError(f"Secret {SECRET} holds no password of Airflow's administrator", remedy)
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

    def worker_lines(self, host: str) -> list[str]:
        """Return the last lines of the Celery worker in the pod that calls itself *host*; none where it is no pod."""
        pod, settings = host.partition(".")[0], self.environment.cluster
        if not pod.startswith(f"{settings.release}-worker-"):
            return []
        return last_lines(self.cluster, settings.namespace, pod, "worker")

    @cached_property
    def known(self) -> dict[str, str]:
        """User → password, as the Secret holds them now."""
        return self._secret.read() or {}

    def _keep(self, user: str, password: str) -> None:
        self._secret.write({user: password})
        self.known[user] = password

    @property
    def _secret(self) -> OwnSecret:
        namespace = self.environment.cluster.namespace
        return OwnSecret(self.cluster, namespace, SECRET, "the passwords of Airflow's users")


def pods(environment: Environment) -> Pods:
    """Return the pods of Airflow's API server."""
    settings = environment.cluster
    return Pods(settings.namespace, f"component={COMPONENT},release={settings.release}", PORT)


@contextmanager
def desk(
    cluster: Cluster, environment: Environment, patience: float = GLANCE_SECONDS
) -> Iterator[ClusterDesk]:
    """Yield the desk of the environment, whose Airflow need not run yet."""
    with forwarded(cluster, pods(environment)) as way:
        yield ClusterDesk(cluster, environment, way.address, patience, way.check)
