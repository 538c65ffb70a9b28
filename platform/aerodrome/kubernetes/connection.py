"""The cluster of an environment, and the programs and targets that change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome.clients import cluster_namespace
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import Access
from aerodrome.clients.cluster_lease import Lease, alone
from aerodrome.clients.helm import Helm
from aerodrome.environment import Environment
from aerodrome.helm_binaries import fetch_helm
from aerodrome.kubernetes.reach import access
from aerodrome.kubernetes.values import values_file
from aerodrome.progress import Progress
from aerodrome.targets.database_version import DatabaseVersion
from aerodrome.targets.release import ReleaseTarget, Settings

CHART = Path("helm/airflow")
_PROGRAMS = Path(".venv/helm")


@dataclass(frozen=True)
class Connection:
    """The way to the cluster of *environment*."""

    root: Path
    environment: Environment
    access: Access
    cluster: Cluster

    def release(self, values: Mapping[str, Any], database: DatabaseVersion | None = None) -> ReleaseTarget:
        """Return the Helm release as a target, with *values*, whose images bring the database to *database*."""
        settings, file = self.environment.cluster, values_file(self.root, self.environment.name)
        program = fetch_helm(self.root / _PROGRAMS)[f"helm{settings.helm}"]
        helm = Helm(program, self.access, settings.release, settings.namespace)
        found = Settings(
            self.root / CHART,
            values,
            self.root,
            file if file.exists() else None,
            database=database,
            backup=str(self.environment.backup or ""),
        )
        return ReleaseTarget(found, self.cluster, helm)

    @contextmanager
    def locked(self, progress: Progress) -> Iterator[Lease]:
        """Have the environment for oneself; another deploy is refused with who it is and since when."""
        namespace = self.environment.cluster.namespace
        with (
            cluster_namespace.reserved(self.cluster, namespace),
            alone(self.cluster, namespace, self.environment.name, progress) as lease,
        ):
            yield lease


def connect(root: Path, environment: Environment) -> Connection:
    """Return the way to the cluster of *environment*; nothing is asked of it yet."""
    way = access(environment)
    return Connection(root, environment, way, Cluster(way))
