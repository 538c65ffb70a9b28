"""A deploy that could not begin is refused before an image is built or pushed for it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from aerodrome.cli.program import commands
from api_server_stand_in import kubeconfig
from cluster_store import storing
from typer.testing import CliRunner, Result

ENVIRONMENT = """\
kind: kubernetes
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
secrets: {store: none}
images: {registry: '127.0.0.1:1/nowhere', base: '127.0.0.1:1/base:1', plain_http: true}
bundle: {repository: git://127.0.0.1/nowhere.git}
"""
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")


@pytest.fixture
def repository(place: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clone with ENV=dev and ENV=prod after it, whose registry and cluster are nowhere."""
    place.write("environments/dev/environment.yaml", ENVIRONMENT)
    place.write("environments/prod/environment.yaml", ENVIRONMENT + "promoted_from: dev\n")
    monkeypatch.setenv("KUBECONFIG", str(place.write("kubeconfig", kubeconfig(dev="http://127.0.0.1:1"))))
    monkeypatch.setenv("AERODROME_REPOSITORY", str(place.root))
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "all")):
        subprocess.run((*GIT, *command), cwd=place.root, check=True)
    return place


def run(*arguments: str) -> Result:
    """Return how a command ended."""
    return CliRunner().invoke(commands(), arguments)


def test_files_of_no_commit_are_told_first(repository: Any) -> None:
    """By the deploy and by its plan, which could never be applied."""
    repository.write("environments/dev/new.txt", "x")
    for command in (("deploy", "--yes"), ("plan",)):
        said = str(run(*command, "--env=prod").exception)
        assert said.startswith("1 file of this work tree stand in no commit: environments/dev/new.txt"), said


def test_mistakes_in_the_inventory_are_told_first(repository: Any) -> None:
    """Nobody waits for images to hear of a queue that is none."""
    host = "{ansible_host: 10.0.0.11, ansible_user: ops, queues: [nowhere]}"
    repository.write("environments/dev/inventory/hosts.yml", f"all: {{hosts: {{one: {host}}}}}\n")
    said = str(run("deploy", "--yes", "--env=dev").exception)
    assert "environments/dev/inventory/hosts.yml:1:" in said and "unknown queue 'nowhere'" in said
    assert "127.0.0.1" not in said


def test_rights_that_are_missing_are_told_first(repository: Any, tmp_path: Path) -> None:
    """What is built and pushed would be for a deploy that ends half way."""
    with storing(tmp_path / "helm.json") as (store, address):
        store.denied = {"get pods/portforward in airflow"}
        repository.write("kubeconfig", kubeconfig(dev=address))
        said = str(run("deploy", "--yes", "--env=dev").exception)
    assert "\n    get pods/portforward in namespace airflow\n" in said and "nowhere" not in said
    assert store.asked == []


def test_a_cluster_that_does_not_answer_is_told_first(repository: Any) -> None:
    """Not the registry, which does not either."""
    said = str(run("deploy", "--yes", "--env=dev").exception)
    assert "127.0.0.1:1" in said and "nowhere" not in said and "does not answer" in said
