"""Each component holds only the secrets that Airflow's security model gives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HOLDERS = {
    "metadata": {
        "api-server",
        "scheduler",
        "dag-processor",
        "triggerer",
        "run-airflow-migrations",
        "create-user-job",
        "database-cleanup",
        "airflow-cleanup-pods",
    },
    "jwt-secret": {"api-server", "scheduler"},
    "api-secret-key": {"api-server", "scheduler", "triggerer"},
    "fernet-key": {"api-server", "scheduler", "dag-processor", "triggerer"},
}
EXECUTORS = ["CeleryExecutor", "KubernetesExecutor", "LocalExecutor", "CeleryExecutor,KubernetesExecutor"]
ALL_JOBS: dict[str, Any] = {"cleanup.enabled": True, "databaseCleanup.enabled": True, "flower.enabled": True}
Pods = Callable[..., list[Any]]


def secrets_of(container: dict[str, Any]) -> set[str]:
    """Return the names, without the release, of the secrets in a container's environment."""
    sources = (one.get("valueFrom", {}).get("secretKeyRef") for one in container.get("env", []))
    return {source["name"].removeprefix("r-") for source in sources if source}


def held_without_need(pods: list[Any]) -> list[str]:
    """Return component, container and secret of each secret that its holder does not need."""
    return [
        f"{pod.component} {container['name']}: {secret}"
        for pod in pods
        for container in pod.containers()
        for secret in secrets_of(container) & HOLDERS.keys()
        if pod.component not in HOLDERS[secret]
    ]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_no_container_holds_a_secret_it_does_not_need(pods_of: Pods, executor: str) -> None:
    """Whatever the executor, and with every job and Flower on."""
    assert held_without_need(pods_of(executor=executor, **ALL_JOBS)) == []


def test_no_container_of_an_example_holds_a_secret_it_does_not_need(pods_of: Pods, chart: Path) -> None:
    """The examples are what people start from."""
    found = {
        file.stem: held_without_need(pods_of(file)) for file in sorted((chart / "examples").glob("*.yaml"))
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_celery_workers_hold_the_broker_and_nothing_else(pods_of: Pods) -> None:
    """The broker also keeps the results, since workers reach no database."""
    (worker,) = [pod for pod in pods_of() if pod.component == "worker"]
    held = set().union(*(secrets_of(container) for container in worker.containers()))
    assert held == {"broker-url"}


def test_workers_do_not_wait_for_a_database_they_cannot_reach(pods_of: Pods) -> None:
    """The container that waits for the migrations would need the database's URI."""
    (worker,) = [pod for pod in pods_of() if pod.component == "worker"]
    assert "initContainers" not in worker.spec


def test_workers_of_airflow_2_keep_the_database(pods_of: Pods) -> None:
    """They cannot run without it."""
    (worker,) = [pod for pod in pods_of(airflowVersion="2.11.0") if pod.component == "worker"]
    assert "metadata" in secrets_of(worker.spec["containers"][0])


def test_keda_gets_the_database_by_itself_where_workers_hold_none(render: Any) -> None:
    """A ScaledObject otherwise reads it from the environment of the pods it scales."""
    text = render(
        "--set=workers.keda.enabled=true", "--show-only=templates/workers/worker-kedaautoscaler.yaml"
    ).stdout
    assert "kind: TriggerAuthentication" in text and "connectionFromEnv" not in text
