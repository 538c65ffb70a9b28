"""Each component holds only the secrets that Airflow's security model gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from held_secrets import held_without_need

EXECUTORS = ["CeleryExecutor", "KubernetesExecutor", "LocalExecutor", "CeleryExecutor,KubernetesExecutor"]
ALL_JOBS: dict[str, Any] = {"cleanup.enabled": True, "databaseCleanup.enabled": True}
Pods = Callable[..., list[Any]]


def secrets_of(container: dict[str, Any]) -> set[str]:
    """Return the names, without the release, of the secrets in a container's environment."""
    sources = (one.get("valueFrom", {}).get("secretKeyRef") for one in container.get("env", []))
    return {source["name"].removeprefix("r-") for source in sources if source}


def without_need(pods: list[Any]) -> list[str]:
    """Return what the *pods* hold and need not."""
    return [line for pod in pods for line in held_without_need(pod.component, pod.spec)]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_no_container_holds_a_secret_it_does_not_need(pods_of: Pods, executor: str) -> None:
    """Whatever the executor, and with every job and Flower on."""
    flower = {"flower.enabled": "Celery" in executor}
    assert without_need(pods_of(executor=executor, **ALL_JOBS, **flower)) == []


@pytest.mark.parametrize(
    "pod",
    [
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "r-metadata", "key": "connection"}}}]},
        {"env": [{"name": "AIRFLOW__CORE__FERNET_KEY_CMD", "value": "cat /key"}]},
        {"envFrom": [{"secretRef": {"name": "r-jwt-secret"}}]},
    ],
)
def test_a_secret_is_found_whatever_the_variable(pod: dict[str, Any]) -> None:
    """By the secret's name, or by the name under which Airflow reads it."""
    assert held_without_need("worker", {"containers": [{"name": "worker", **pod}]})


@pytest.mark.parametrize(
    "source",
    [
        {"secret": {"secretName": "r-fernet-key"}},
        {"projected": {"sources": [{"secret": {"name": "r-fernet-key"}}]}},
    ],
)
def test_a_secret_is_found_in_a_volume(source: dict[str, Any]) -> None:
    """Also among several sources of one."""
    spec = {"containers": [], "volumes": [{"name": "keys", **source}]}
    assert held_without_need("worker", spec) == ["worker volume keys: fernet-key"]


def test_without_the_policy_workers_hold_all_of_them(pods_of: Pods) -> None:
    """So that the policy is seen to be what takes them away."""
    official = pods_of(**{"deploymentPolicy.profile": "official"})
    assert {line for line in without_need(official) if line.startswith("worker worker")}


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
