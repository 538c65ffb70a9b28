"""What stays in a cluster of a tenant whose folder is gone: told by plan, deleted only when somebody asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aerodrome.clients.airflow import Airflow
from aerodrome.environment import load_environment
from aerodrome.errors import AerodromeError, UserError, did_you_mean
from aerodrome.kubernetes.connection import Connection, connect
from aerodrome.kubernetes.desk import ClusterDesk, desk
from aerodrome.manifest.folder import tenant_folders
from aerodrome.names import tenant_folder
from aerodrome.plan import Orphan
from aerodrome.progress import Progress, Step
from aerodrome.render.roles import ADMIN
from aerodrome.secrets import access
from aerodrome.secrets.values import stored
from aerodrome.targets import orphans
from aerodrome.targets.orphans import Looks


def looks(connection: Connection, people: ClusterDesk, folders: Collection[str]) -> Looks:
    """Return what finds all that is left of tenants that are none of *folders*."""
    environment, cluster = connection.environment, connection.cluster
    found = {
        "Airflow": lambda: _in_airflow(people, folders),
        "the cluster": lambda: orphans.among_namespaces(cluster, environment.cluster.release, folders),
    }
    if environment.secrets.store == "vault":
        found["the secrets store"] = lambda: orphans.among_secrets(
            access.values(connection.root, environment), environment.name, folders
        )
    if environment.results.kind == "s3":
        found["the store of large results"] = lambda: orphans.in_bucket(environment, folders)
    return found


def left_of_tenant(root: Path, name: str, tenant: str) -> tuple[tuple[Orphan, ...], tuple[str, ...]]:
    """Return what is kept of *tenant*, and places that do not answer; UserError where nothing is."""
    connection = connect(root, load_environment(root, name))
    with desk(connection.cluster, connection.environment) as people:
        return _left(connection, people, tenant)


def remove_tenant_cluster(root: Path, name: str, tenant: str, step: Step) -> None:
    """Delete what a removed tenant has left: Airflow's history of its DAGs, secrets, namespace."""
    connection = connect(root, load_environment(root, name))
    with (
        connection.locked(partial(step, "lock")) as lease,
        desk(connection.cluster, connection.environment) as people,
    ):
        found, notes = _left(connection, people, tenant)
        if notes:
            raise AerodromeError(
                "\n".join((*notes, "nothing was deleted")), "try again when all of it answers"
            )
        lease.check()
        _Removal(connection, people, tenant, partial(step, "remove")).run({each.kind for each in found})


@dataclass(frozen=True)
class _Removal:
    connection: Connection
    people: ClusterDesk
    tenant: str
    progress: Progress

    def run(self, kinds: Collection[str]) -> None:
        """Delete what there is of these *kinds*; the namespace goes last, because the tenant is known by it."""
        if orphans.DAG in kinds:
            orphans.delete_dags(self.people.access(), self.tenant, self.progress)
        if orphans.SECRETS in kinds:
            self._secrets()
        if orphans.RESULTS in kinds:
            self.progress("large results: their collector removes what no run refers to")
        if orphans.NAMESPACE in kinds:
            self._namespaces()

    def _secrets(self) -> None:
        environment = self.connection.environment
        values = access.values(self.connection.root, environment)
        for path in stored(values, environment.name, self.tenant):
            values.delete(f"{tenant_folder(environment.name, self.tenant)}/{path}")
            self.progress(f"deleted {path.replace('s/', ' ', 1)}")

    def _namespaces(self) -> None:
        cluster, release = self.connection.cluster, self.connection.environment.cluster.release
        others = set(tenant_folders(self.connection.root))
        for each in orphans.among_namespaces(cluster, release, others):
            if each.owner == self.tenant:
                cluster.request("DELETE", f"/api/v1/namespaces/{each.name}")
                self.progress(f"deleted namespace {each.name}")


def _in_airflow(people: ClusterDesk, folders: Collection[str]) -> Iterator[Orphan]:
    return orphans.in_airflow(airflow, folders) if (airflow := _airflow(people)) else iter(())


def _airflow(people: ClusterDesk) -> Airflow | None:
    """Return the administrator's access; None before the first deploy, AerodromeError where Airflow does not answer."""
    if not people.has_password(ADMIN):
        return None
    if (airflow := people.administrator()) is None:
        raise AerodromeError("Airflow's API server does not answer", "look at its pods: make status")
    return airflow


def _left(
    connection: Connection, people: ClusterDesk, tenant: str
) -> tuple[tuple[Orphan, ...], tuple[str, ...]]:
    folders, name = tenant_folders(connection.root), connection.environment.name
    if tenant in folders:
        raise UserError(f"tenants/{tenant} exists", f"remove it, then make deploy ENV={name}")
    found, notes = orphans.look(looks(connection, people, folders))
    mine = tuple(sorted(each for each in found if each.owner == tenant))
    if not mine:
        near = did_you_mean(tenant, sorted({each.owner for each in found}))
        more = f"; {'; '.join(notes)}" if notes else ""
        raise UserError(f"no removed tenant '{tenant}' has left anything in {name}{more}", near)
    return mine, tuple(notes)
