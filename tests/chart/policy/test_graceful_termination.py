"""A running task ends before the pod of its worker does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Refusal = Callable[..., str]
Pods = Callable[..., list[Any]]
LONGEST = "deploymentPolicy.longestTask"


def test_workers_get_as_long_as_the_longest_task_of_their_queues(pods_of: Pods) -> None:
    """Each set for itself: a queue that is not named has the default."""
    sets = [{"name": "long", "queue": "slow,default", "terminationGracePeriodSeconds": 7200}]
    pods = pods_of(**{f"{LONGEST}.queues.slow": 7200, "workers.celery.sets": sets})
    graces = {
        pod.name: pod.spec["terminationGracePeriodSeconds"] for pod in pods if pod.component == "worker"
    }
    assert graces == {"r-worker": 600, "r-worker-long": 7200}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {f"{LONGEST}.default": 3600},
            "is 600 for the workers of default, whose tasks may take 3600 seconds",
        ),
        (
            {f"{LONGEST}.queues.slow": 900, "workers.celery.sets": [{"name": "a", "queue": "slow"}]},
            "is 600 for the workers of slow, whose tasks may take 900 seconds",
        ),
    ],
)
def test_a_shorter_time_is_refused(refusal: Refusal, values: dict[str, Any], said: str) -> None:
    """With the seconds to write, and where."""
    text = refusal(**values)
    assert f"workers.terminationGracePeriodSeconds: {said}" in text
    assert "in their entry of workers.celery.sets" in text


def test_workers_of_zones_are_looked_at_too(refusal: Refusal, chart: Any) -> None:
    """They are sets of workers like others."""
    said = refusal(chart / "examples/personal-data-zone.yaml", **{f"{LONGEST}.queues.pii": 1200})
    assert "workers of pii, whose tasks may take 1200 seconds" in said


def test_the_pods_of_tasks_are_none_of_these_workers(pods_of: Pods) -> None:
    """They end with their task, and a node that is emptied does not wait for hours."""
    assert pods_of(executor="KubernetesExecutor", **{f"{LONGEST}.default": 86400})


def test_pgbouncer_waits_as_long_as_its_hook_does(pods_of: Pods) -> None:
    """Clients have two minutes to leave, which Kubernetes' own half minute would cut short."""
    (pod,) = [pod for pod in pods_of(**{"pgbouncer.enabled": True}) if pod.component == "pgbouncer"]
    assert "sleep 120" in str(pod.spec["containers"][0]["lifecycle"])
    assert pod.spec["terminationGracePeriodSeconds"] > 120
