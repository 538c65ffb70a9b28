"""Releases on stand-ins for the cluster and for helm: what is deployed by which version of the database's tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import Access, access
from aerodrome.clients.helm import Helm
from aerodrome.environment import load_environment
from aerodrome.errors import AerodromeError
from aerodrome.helm_binaries import fetch_helm
from aerodrome.kubernetes.connection import Connection
from aerodrome.plan import Change
from aerodrome.targets.database_version import DatabaseVersion
from aerodrome.targets.release import ReleaseTarget, Settings
from api_server_stand_in import kubeconfig
from cluster_store import NAMESPACE, Store, storing

REPOSITORY = Path(__file__).resolve().parents[3]
ENVIRONMENT = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
"""
DUMPED = {"claim": "airflow-backups", "image": {"repository": "pg", "tag": "18"}, "longestSeconds": 60}
BACKUP = "backup: {kind: dump, dump: {image: 'pg:18', longest: 1m}}\n"


@dataclass
class Platform:
    """One environment, and what its deploys said."""

    root: Path
    store: Store
    way: Access
    said: list[str] = field(default_factory=list)

    @property
    def helm(self) -> dict[str, Any]:
        """What the stand-in of helm keeps: revisions, the calls to it, its trouble."""
        return dict(json.loads(self.store.helm.read_text()))

    def have(self, **values: Any) -> None:
        """Change what the stand-in of helm keeps."""
        self.store.helm.write_text(json.dumps({**self.helm, **values}))

    def release(self, version: DatabaseVersion | None, **values: Any) -> ReleaseTarget:
        """Return the release with images of *version*; None: as before there were marks."""
        given = {"platform": {"databaseBackup": DUMPED}, **values}
        settings = Settings(
            REPOSITORY / "helm/airflow", given, REPOSITORY, None, database=version, backup="a dump"
        )
        helm = Helm(self.root / "helm", self.way, "airflow", NAMESPACE, 60)
        return ReleaseTarget(settings, Cluster(self.way), helm)

    def plan(self, version: DatabaseVersion | None, **values: Any) -> tuple[Change, ...]:
        """Return what a deploy of *version* would change."""
        return self.release(version, **values).changes()

    def deploy(self, version: DatabaseVersion | None, **values: Any) -> list[str]:
        """Deploy *version*, and return what helm was asked for meanwhile."""
        self.have(calls=[])
        release = self.release(version, **values)
        release.apply(release.changes(), self.said.append)
        return self.worked

    def failure(self, version: DatabaseVersion) -> AerodromeError:
        """Return what a deploy of *version* fails with, helm itself being in trouble."""
        self.have(trouble="post-upgrade hooks failed: the column is missing")
        with pytest.raises(AerodromeError) as raised:
            self.deploy(version)
        self.have(trouble="")
        return raised.value

    @property
    def worked(self) -> list[str]:
        """What helm was asked for that changes something."""
        return [call for call in self.helm["calls"] if call in ("upgrade", "rollback", "uninstall")]

    def connection(self, more: str = BACKUP) -> Connection:
        """Return the way to the cluster of an environment that says *more*."""
        file = self.root / "environments/prod/environment.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(ENVIRONMENT + more)
        return Connection(REPOSITORY, load_environment(self.root, "prod"), self.way, Cluster(self.way))


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """An environment in whose cluster nothing was ever deployed."""
    state, program = tmp_path / "helm.json", tmp_path / "helm"
    state.write_text(json.dumps({"revisions": [], "calls": [], "app_version": "3.3.2"}))
    program.write_text(
        f'#!/bin/sh\nexec {sys.executable} -I -S {REPOSITORY}/tests/shared/helm_program.py "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("HELM_STATE", str(state))
    monkeypatch.setenv("HELM_REAL", str(fetch_helm(REPOSITORY / ".venv/helm")["helm3"]))
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with storing(state) as (store, address):
        config = tmp_path / "kubeconfig"
        config.write_text(kubeconfig(prod=address))
        yield Platform(tmp_path, store, access(kubeconfig=str(config)))
