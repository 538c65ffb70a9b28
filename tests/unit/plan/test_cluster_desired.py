"""A plan for a cluster is one for what sets its hosts up, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.environment import load_environment
from aerodrome.image_settings import ImagesSettings
from aerodrome.kubernetes.preparation import Preparation
from aerodrome.pipeline import Build
from aerodrome.targets.images import ImagesTarget

ENVIRONMENT = """\
kind: kubernetes
zones: {default: {}, onprem: {workers: hosts}}
queues: {default: {zone: default}, onprem: {zone: onprem}}
alert_channels: {central: {type: file, target: central.jsonl}}
secrets: {vault: {url: https://vault.example.org}}
hosts:
  execution_api: https://air.example.org
  broker: air.example.org:6380
  secrets: https://vault.example.org
  bundle: https://git.example.org/dags.git
  firewall: {ssh_from: [10.0.0.0/24]}
"""
INVENTORY = "all: {{hosts: {{one: {{ansible_host: {}, ansible_user: ops, queues: [onprem]}}}}}}\n"
HOSTS, TASKS = "environments/prod/inventory/hosts.yml", "ansible/roles/airflow_worker/tasks/main.yml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with ENV=prod, which has one host."""
    texts = {
        "environments/prod/environment.yaml": ENVIRONMENT,
        HOSTS: INVENTORY.format("10.0.0.11"),
        TASKS: "[]",
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def parts(root: Path) -> dict[str, str]:
    """Return part → digest of what the repository asks for."""
    images = ImagesTarget(ImagesSettings(registry="registry.example.org/airflow"), ())
    prepared = Preparation(root, load_environment(root, "prod"), Build(()), (), images)
    return prepared.desired({"scheduler": {"replicas": 1}})


@pytest.mark.parametrize(
    ("path", "text", "part"),
    [(HOSTS, INVENTORY.format("10.0.0.12"), "inventory"), (TASKS, "[{name: one more}]", "ansible")],
)
def test_what_sets_hosts_up_is_a_part_of_what_is_reviewed(
    root: Path, path: str, text: str, part: str
) -> None:
    """Another inventory, or another role, is another wish, and nothing else of the plan is."""
    before = parts(root)
    (root / path).write_text(text)
    after = parts(root)
    assert {name for name in after if after[name] != before.get(name)} == {part}


def test_without_hosts_their_roles_are_no_part(root: Path) -> None:
    """Who has none need not make plans again for a role."""
    (root / HOSTS).unlink()
    assert set(parts(root)) == {"environment", "values"}
