"""A small repository of one tenant: manifest text in, rendered file and imported DAG out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = """\
kind: local
zones: {default: {triggerer: true}, pii: {}, onprem: {}, platform: {}}
queues:
  default: {zone: default}
  pii: {zone: pii, personal_data: true, shared: false}
  onprem: {zone: onprem, shared: false}
  maintenance: {zone: platform, tenants: false}
alert_channels:
  central: {type: file, target: central.jsonl}
  team: {type: webhook, target: "http://alerts.example.org/flights"}
secrets: {global_connections: [archive], global_variables: [region]}
"""
# The same on Kubernetes, where only the zone onprem has hosts.
CLUSTER = (
    ENVIRONMENT.replace("kind: local", "kind: kubernetes")
    .replace("{triggerer: true}", "{}")
    .replace("onprem: {},", "onprem: {workers: hosts},")
    .replace("secrets: {", "secrets: {vault: {url: 'https://vault.example.org'}, ")
)
TENANT = """\
owners: [{name: Flight data, email: flights@example.org}]
queues: [default, pii, onprem]
connections: {warehouse: {type: postgres}, api: {type: http}, people: {type: postgres, queues: [pii]}}
variables: [token]
pools: {heavy: 2}
limits: {active_runs: 4, parallelism: 8, retries: 5, execution_timeout: 2h}
values: {region: eu, items: 3}
alert_channels: [team]
"""
EMPTY = "{id: a, uses: flow.empty}"
PACKAGE = "def run(): ...\ndef names(): ...\ndef one(): ...\ndef pseudonymise(): ...\n"
RUNTIME = "0123456789abcdef"


@dataclass
class Workspace:
    """One repository on disk."""

    root: Path

    def write(self, path: str, text: str) -> None:
        """Put *text* into the repository."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def add_dag(self, text: str, name: str = "sample.yaml") -> None:
        """Add a manifest of the tenant."""
        self.write(f"tenants/flights/dags/{name}", text)

    def only_dag(self, text: str, name: str) -> None:
        """Make this manifest the tenant's only one."""
        for file in (self.root / "tenants/flights/dags").glob("*"):
            file.unlink()
        self.add_dag(text, name)

    def on_kubernetes(self, yes: bool = True) -> None:
        """Make the environment a cluster, or what it was."""
        self.write("environments/local/environment.yaml", CLUSTER if yes else ENVIRONMENT)

    def load(self) -> tuple[Any, Any, list[Any]]:
        """Return tenant, environment and the problems of the loader and of the policy."""
        from aerodrome.environment import load_environment
        from aerodrome.manifest.load import load_repository
        from aerodrome.policy.from_manifest import policy_problems

        environment = load_environment(self.root, "local")
        result = load_repository(self.root, environment, None)
        refused = [
            problem
            for tenant in result.tenants
            for problem in policy_problems(tenant, environment, result.problems)
        ]
        return (result.tenants or (None,))[0], environment, [*result.problems, *refused]

    def render(self) -> dict[str, str]:
        """Return the tenant's files in the bundle."""
        from aerodrome.render.tenant import render_tenant

        tenant, environment, problems = self.load()
        assert problems == [], "\n".join(map(str, problems))
        return {file.path: file.text for file in render_tenant(tenant, environment, RUNTIME)}

    def import_dag(self, dag_id: str = "flights.sample") -> Any:
        """Return the DAG as Airflow's DagBag reads it, with the policy on."""
        from airflow.dag_processing.dagbag import DagBag

        bundle = self.root / "bundle"
        for path, text in self.render().items():
            self.write(f"bundle/{path}", text)
        bag = DagBag(bundle / "flights", bundle_path=bundle, bundle_name="test")
        assert not bag.import_errors, "\n".join(bag.import_errors.values())
        return bag.dags[dag_id]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A repository with one environment and the tenant `flights`."""
    monkeypatch.setenv("AIRFLOW__AERODROME__ENFORCE_POLICY", "True")
    made = Workspace(tmp_path)
    made.write("environments/local/environment.yaml", ENVIRONMENT)
    made.write("tenants/flights/tenant.yaml", TENANT)
    made.write("tenants/flights/src/flights/jobs.py", PACKAGE)
    return made


@pytest.fixture
def dag_of(workspace: Workspace) -> Callable[..., Any]:
    """Import the DAG of a manifest with these tasks, in YAML's flow style, and these further keys."""

    def dag_of(tasks: str = EMPTY, **fields: str) -> Any:
        lines = [f"{key}: {value}" for key, value in fields.items()]
        workspace.add_dag("\n".join(["dag_id: sample", *lines, f"tasks: [{tasks}]"]) + "\n")
        return workspace.import_dag()

    return dag_of


@pytest.fixture
def scheduled(dag_of: Callable[..., Any]) -> Callable[..., Any]:
    """The same, as the scheduler and the API server have it: read back from what is stored."""

    def scheduled(tasks: str = EMPTY, **fields: str) -> Any:
        from airflow.serialization.serialized_objects import DagSerialization

        stored = json.dumps(DagSerialization.to_dict(dag_of(tasks, **fields)))
        return DagSerialization.from_dict(json.loads(stored))

    return scheduled
