"""A repository of its own for each test, loaded by the real loader with the real catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from aerodrome.environment import load_environment
from aerodrome.manifest.load import load_repository
from aerodrome.manifest.loaded import LoadedDag, LoadResult

ENVIRONMENT = """\
kind: local
zones: {default: {triggerer: true}, pii: {}}
queues:
  default: {zone: default}
  pii: {zone: pii, personal_data: true, shared: false}
  maintenance: {zone: default, tenants: false}
alert_channels: {central: {type: file, target: alerts/central.jsonl}}
secrets: {global_connections: [mail], global_variables: [region]}
"""
TENANT = """\
owners: [{name: Flights, email: flights@example.org}]
queues: [default, pii]
connections:
  warehouse: {type: postgres}
  vault: {type: postgres, queues: [pii]}
  api: {type: http}
variables: [token]
pools: {slow: 1}
values: {region: eu}
"""
DAG = """\
dag_id: daily
schedule: "@daily"
start_date: 2024-01-01
params:
  day: {default: x, type: string}
"""


@dataclass
class Repository:
    """A repository below *root* with the tenant `flights` and the environments local and staging."""

    root: Path

    def write(self, path: str, content: str | bytes) -> Path:
        """Write a file, with the folders it needs."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def dag(self, text: str, name: str = "daily.yaml") -> None:
        """Write a manifest of `flights`."""
        self.write(f"tenants/flights/dags/{name}", text)

    def load(self, environment: str = "local") -> LoadResult:
        """Return everything that the loader finds."""
        return load_repository(self.root, load_environment(self.root, environment))

    def problems(self, text: str, name: str = "daily.yaml") -> list[str]:
        """Return what is said about the manifest *text*, without the folder of the file."""
        self.dag(text, name)
        return [str(problem).replace("tenants/flights/dags/", "") for problem in self.load().problems]

    def marked(self, text: str, name: str = "daily.yaml") -> tuple[list[str], str]:
        """Return what is said about *text* without its mark →, and the place of the mark as it is told."""
        before = text.partition("→")[0].split("\n")
        place = f"{name}:{len(before)}:{len(before[-1]) + 1}: "
        return self.problems(text.replace("→", ""), name), place

    def loaded(self, name: str = "daily") -> LoadedDag:
        """Return the DAG *name* of `flights`, which must be without a mistake."""
        result = self.load()
        assert result.problems == ()
        return next(dag for dag in result.tenants[0].dags if dag.model.dag_id == name)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with one tenant and no DAG."""
    found = Repository(tmp_path)
    for environment in ("local", "staging"):
        found.write(f"environments/{environment}/environment.yaml", ENVIRONMENT)
    found.write("tenants/flights/tenant.yaml", TENANT)
    found.write(
        "tenants/flights/src/flights/jobs.py", "def clean(rows: list) -> int:\n    return len(rows)\n"
    )
    return found
