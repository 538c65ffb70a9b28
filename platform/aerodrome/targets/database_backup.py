"""A backup of the metadata database, made before a release migrates it: a dump in the cluster, or a snapshot of AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from aerodrome.backup_settings import DumpSettings, RdsSettings
from aerodrome.clients.cluster import Cluster, Object
from aerodrome.clients.cluster_job import JobRun, ensure_claim
from aerodrome.clients.cluster_rollout import Patience
from aerodrome.clients.helm import Helm
from aerodrome.clients.rds import Instance
from aerodrome.errors import AerodromeError
from aerodrome.progress import Progress
from aerodrome.quantities import format_memory
from aerodrome.targets.database_version import DatabaseVersion

TEMPLATE = "templates/platform/database-backup.yaml"
_OF_HELM = "helm.sh/"
_UNNAMED = "planned"

Guard = Callable[[], None]


class Backup(Protocol):
    """One way to keep the database."""

    def require(self) -> None:
        """Do nothing where a backup can be made, as far as that can be known; UserError elsewhere."""

    def take(self, when: datetime, before: DatabaseVersion, guard: Guard, progress: Progress) -> str:
        """Return where the backup is, when it is whole; AerodromeError says why there is none."""


@dataclass(frozen=True)
class Dump:
    """pg_dump's output in a volume claim: by the job that *chart* with *values* has for it."""

    settings: DumpSettings
    cluster: Cluster
    helm: Helm
    chart: Path
    values: Mapping[str, Any] = field(repr=False)
    patience: Patience = field(default_factory=Patience)

    def require(self) -> None:
        """Render the job; UserError is what the chart says where it cannot."""
        self._bodies(_UNNAMED)

    def take(self, when: datetime, before: DatabaseVersion, guard: Guard, progress: Progress) -> str:
        """Return claim and file, with size and digest."""
        claim, namespace = self.settings.claim, self.helm.namespace
        guard()
        size = format_memory(self.settings.size)
        if ensure_claim(self.cluster, namespace, claim, size, self.settings.storage_class):
            progress(f"made the volume claim {claim}")
        bodies = self._bodies(f"{when:%Y%m%dT%H%M%SZ}-airflow-{before.airflow or 'unknown'}")
        progress(f"dumps the database into the volume claim {claim}")
        seconds = self.settings.longest.total_seconds()
        run = JobRun(self.cluster, namespace, bodies, guard, progress, seconds, patience=self.patience)
        found = _document(run.run())
        kept = f"{found['bytes'] / 2**20:.1f} MiB, SHA-256 {found['sha256']}"
        return f"file {found['file']} ({kept}) in the volume claim {claim} of namespace {namespace}"

    def _bodies(self, name: str) -> list[Object]:
        platform = self.values.get("platform") or {}
        backup = {**(platform.get("databaseBackup") or {}), "enabled": True, "name": name}
        values = {**self.values, "platform": {**platform, "databaseBackup": backup}}
        return [_plain(one.body) for one in self.helm.render_file(self.chart, values, TEMPLATE)]


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of an RDS instance, asked for as *session*."""

    settings: RdsSettings
    session: Any = field(default=None, repr=False, compare=False)
    look: float = 10
    """Seconds between two questions."""

    def require(self) -> None:
        """Ask AWS for the instance."""
        self._instance.require()

    def take(self, when: datetime, before: DatabaseVersion, guard: Guard, progress: Progress) -> str:
        """Return the snapshot's name and region."""
        settings = self.settings
        name = f"{settings.instance}-aerodrome-{when:%Y%m%d-%H%M%S}"
        seconds = settings.longest.total_seconds()
        found = self._instance.snapshot(name, guard, progress, seconds, self.look)
        return f"RDS snapshot {found['DBSnapshotIdentifier']} in {settings.region}"

    @property
    def _instance(self) -> Instance:
        return Instance(self.settings.instance, self.settings.region, self.session)


def _plain(body: Object) -> Object:
    """Return an object without what makes a hook of Helm of it."""
    metadata = dict(body["metadata"])
    kept = {key: text for key, text in (metadata.pop("annotations", None) or {}).items() if not _of_helm(key)}
    return {**body, "metadata": {**metadata, **({"annotations": kept} if kept else {})}}


def _of_helm(key: str) -> bool:
    return key.startswith(_OF_HELM)


def _document(line: str) -> dict[str, Any]:
    """Return what the job's last container says of the dump."""
    try:
        found = json.loads(line)
        return {"file": str(found["file"]), "bytes": int(found["bytes"]), "sha256": str(found["sha256"])}
    except (KeyError, TypeError, ValueError):
        remedy = "look into the log of its pod; a dump that is whole lies in the volume"
        raise AerodromeError(
            "the job that dumps the database did not say what it has written", remedy
        ) from None
