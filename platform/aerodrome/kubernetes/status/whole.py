"""All of an environment in a cluster on one page; what cannot be asked is told, and the rest is there all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from aerodrome.clients.cluster_failures import UnreachableError
from aerodrome.environment import Environment, load_environment
from aerodrome.errors import AerodromeError
from aerodrome.hosts.inventory import Inventory, load_inventory
from aerodrome.kubernetes.broker import broker
from aerodrome.kubernetes.connection import Connection, connect
from aerodrome.kubernetes.desk import ClusterDesk, desk
from aerodrome.kubernetes.record import Entry, Record
from aerodrome.kubernetes.status.airflow import Heard, heard
from aerodrome.kubernetes.status.components import Component, components
from aerodrome.kubernetes.status.contacts import contacts
from aerodrome.names import host_of
from aerodrome.render.roles import ADMIN

DEPLOYS = 5
METADATABASE = "metadatabase"
"""A part of Airflow that is no workload of the release."""
T = TypeVar("T")


@dataclass(frozen=True)
class ClusterStatus:
    """What `status` shows of an environment in a cluster.

    *airflow* None: it tells nothing. *away*: hosts of which no worker is connected to the broker; None: nobody tells.
    *deploys*: the last ones, newest first; None: nobody tells. *contacts*: tenant →
    whom to turn to, of those with DAGs that fail or rest. *wrong*: a line for each thing beside components that should
    be and is not.
    """

    environment: Environment
    components: tuple[Component, ...] = ()
    airflow: Heard | None = None
    inventory: Inventory | None = None
    deploys: tuple[Entry, ...] | None = None
    contacts: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()
    away: tuple[str, ...] | None = None

    @property
    def healthy(self) -> bool:
        """Return whether everything that should run does."""
        return not self.wrong and all(one.works for one in self.components)


def status_cluster(root: Path, name: str) -> ClusterStatus:
    """Return how the environment *name* is now; changes nothing."""
    environment = load_environment(root, name)
    return _Look(root, environment, connect(root, environment)).status()


@dataclass
class _Look:
    root: Path
    environment: Environment
    connection: Connection
    wrong: list[str] = field(default_factory=list)
    away: bool = False

    def status(self) -> ClusterStatus:
        cluster, settings = self.connection.cluster, self.environment.cluster
        inventory = self._ask(lambda: load_inventory(self.root, self.environment))
        parts = self._ask(lambda: components(cluster, settings))
        deploys = self._ask(lambda: Record(cluster, settings.namespace).entries())
        airflow = self._ask(self._airflow) if parts != () else None
        if parts == ():
            self.wrong.append(self._not_there())
        away = (
            self._ask(partial(self._hosts_away, inventory))
            if inventory and inventory.hosts and parts
            else None
        )
        if airflow and parts:
            self.wrong += _without_life(airflow, parts)
        return ClusterStatus(
            self.environment,
            parts or (),
            airflow,
            inventory,
            None if deploys is None else deploys[: -DEPLOYS - 1 : -1],
            self._contacts(airflow),
            tuple(self.wrong),
            away,
        )

    def _hosts_away(self, inventory: Inventory) -> tuple[str, ...] | None:
        with broker(self.connection.cluster, self.environment.cluster) as found:
            if found is None:
                return None
            there = {host_of(client.user) for client in found.connected()}
        return tuple(host.name for host in inventory.hosts if host.name not in there)

    def _contacts(self, airflow: Heard | None) -> dict[str, str]:
        tenants = {dag.tenant for dag in (*airflow.failing, *airflow.idle)} if airflow else set()
        return contacts(self.root, self.environment, tenants)

    def _not_there(self) -> str:
        settings = self.environment.cluster
        said = f"there is no release {settings.release} in namespace {settings.namespace}"
        return f"{said} of {self.connection.cluster.server}: make deploy ENV={self.environment.name}"

    def _airflow(self) -> Heard:
        with desk(self.connection.cluster, self.environment, patience=0) as people:
            return self._heard(people)

    def _heard(self, people: ClusterDesk) -> Heard:
        if not people.has_password(ADMIN):
            remedy = f"the next one does: make deploy ENV={self.environment.name}"
            raise AerodromeError("no deploy has given Airflow's administrator a password", remedy)
        airflow = people.administrator()
        if airflow is None:
            raise AerodromeError("Airflow's API server does not answer", "its pods are among the components")
        idle, now = self.environment.status.idle_after, self.connection.cluster.now()
        return heard(airflow, self.environment.queues, idle, now)

    def _ask(self, question: Callable[[], T]) -> T | None:
        """Return the answer; None, and a line of what is wrong, where there is none."""
        if self.away:
            # Each further question would wait as long as the first one.
            return None
        try:
            return question()
        except AerodromeError as problem:
            self.away = isinstance(problem, UnreachableError)
            self.wrong.append(_line(problem))
            return None


def _without_life(airflow: Heard, parts: Iterable[Component]) -> list[str]:
    """Return a line for each part of Airflow that gives no sign of life, of those that the release has.

    Airflow remembers the last triggerer for ever.
    """
    names = [part.name for part in parts] + [METADATABASE]
    return [
        f"Airflow's {part} gives no sign of life{f', and gave its last one at {since}' if since else ''}"
        for part, since in airflow.unhealthy.items()
        if any(part.replace("_", "-") in name for name in names)
    ]


def _line(problem: AerodromeError) -> str:
    first, *_ = str(problem.args[0]).splitlines() or [""]
    return f"{first} ({problem.remedy})" if problem.remedy else first
