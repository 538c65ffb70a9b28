"""An environment with three zones on hosts, and the inventory of each test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aerodrome.environment import load_environment
from aerodrome.errors import Problem, ProblemsFound
from aerodrome.hosts.inventory import load_inventory

ENVIRONMENT = """\
kind: local
zones: {default: {}, onprem: {workers: hosts}, pii: {workers: hosts}, far: {workers: hosts}}
queues:
  default: {zone: default}
  onprem: {zone: onprem, shared: false, slots: 3}
  heavy: {zone: onprem, shared: false}
  pii: {zone: pii, personal_data: true, shared: false}
  records: {zone: pii, personal_data: true, shared: false}
  far: {zone: far}
alert_channels: {central: {type: file, target: central.jsonl}}
hosts: {entrance: {address: 10.0.0.1}, firewall: {ssh_from: [10.0.0.0/24]}}
"""
FILE = "environments/local/inventory/hosts.yml"


@dataclass(frozen=True)
class Fleet:
    """A repository with one environment; *path* is its inventory."""

    root: Path

    @property
    def path(self) -> Path:
        """Where the inventory is."""
        return self.root / FILE

    @property
    def environment(self) -> Any:
        """The environment."""
        return load_environment(self.root, "local")

    def load(self, text: str) -> Any:
        """Return the inventory that *text* is; ProblemsFound with its mistakes."""
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(text)
        return load_inventory(self.root, self.environment)

    def problems(self, text: str) -> tuple[Problem, ...]:
        """Return the mistakes in *text*."""
        try:
            self.load(text)
        except ProblemsFound as found:
            return found.problems
        return ()


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """A repository whose inventory each test writes."""
    made = Fleet(tmp_path_factory.mktemp("fleet"))
    made.path.parents[1].mkdir(parents=True)
    (made.root / "environments/local/environment.yaml").write_text(ENVIRONMENT)
    return made
