"""How far a workload is, by what the API server says of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from aerodrome.clients.cluster_pods import hidden, trouble
from aerodrome.clients.cluster_rollout import Stand, stand

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DONE = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


def live(spec: dict[str, Any], generation: int = 1, observed: int = 1, **status: Any) -> dict[str, Any]:
    """Return a workload; *observed* is the version of its spec that its controller has seen."""
    metadata = {"generation": generation}
    return {"metadata": metadata, "spec": spec, "status": {"observedGeneration": observed, **status}}


def condition(kind: str, **more: str) -> list[dict[str, str]]:
    """Return conditions with one that holds."""
    return [{"type": kind, "status": "True", **more}]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (DONE, (2, 2, True)),
        (DONE | {"replicas": 3}, (2, 2, False)),
        (DONE | {"updatedReplicas": 1}, (1, 2, False)),
        (DONE | {"availableReplicas": 1}, (1, 2, False)),
        ({}, (0, 2, False)),
    ],
    ids=["done", "an old pod is left", "one is old", "one starts", "nothing yet"],
)
def test_a_deployment_is_done_when_all_are_new_and_ready(
    status: dict[str, Any], expected: tuple[int, int, bool]
) -> None:
    """And no old pod is left."""
    found = stand("Deployment", live({"replicas": 2}, **status), (), NOW)
    assert (found.ready, found.wanted, found.done) == expected


def test_what_the_controller_has_not_seen_is_not_done() -> None:
    """What it says is of the version before, its failure too."""
    failure = condition("ReplicaFailure", message="exceeded quota")
    seen, unseen = (
        stand("Deployment", live({"replicas": 2}, 2, observed, **DONE, conditions=failure), (), NOW)
        for observed in (2, 1)
    )
    assert (seen.done, seen.failed) == (True, "exceeded quota")
    assert (unseen.done, unseen.failed) == (False, "")


def test_a_deployment_without_pods_is_done() -> None:
    """Nothing is waited for; neither is one that somebody paused."""
    assert stand("Deployment", live({"replicas": 0}), (), NOW) == Stand(0, 0, True)
    assert stand("Deployment", live({"replicas": 1, "paused": True}), (), NOW).done


@pytest.mark.parametrize(
    ("strategy", "updated", "done"),
    [
        ({}, 2, False),
        ({}, 3, True),
        ({"rollingUpdate": {"partition": 2}}, 1, True),
        ({"type": "OnDelete"}, 0, True),
    ],
)
def test_a_stateful_set_is_done_by_its_strategy(strategy: dict[str, Any], updated: int, done: bool) -> None:
    """Pods that are not to be replaced are not waited for."""
    spec = {"replicas": 3, "updateStrategy": strategy}
    assert stand("StatefulSet", live(spec, readyReplicas=3, updatedReplicas=updated), (), NOW).done is done


def test_a_daemon_set_is_done_on_all_nodes() -> None:
    """However many these are."""
    numbers = {"desiredNumberScheduled": 3, "numberAvailable": 3}
    assert stand("DaemonSet", live({}, **numbers, updatedNumberScheduled=3), (), NOW) == Stand(3, 3, True)
    assert not stand("DaemonSet", live({}, **numbers, updatedNumberScheduled=2), (), NOW).done


def test_a_job_is_done_by_its_condition() -> None:
    """Its controller notes no version."""
    job = {"metadata": {"generation": 1}, "spec": {}, "status": {"succeeded": 1}}
    assert stand("Job", job, (), NOW) == Stand(1, 1, False)
    job["status"]["conditions"] = condition("Complete")
    assert stand("Job", job, (), NOW) == Stand(1, 1, True)
    job["status"] = {"conditions": condition("Failed", reason="BackoffLimitExceeded", message="twice")}
    assert stand("Job", job, (), NOW).failed == "BackoffLimitExceeded: twice"


@pytest.mark.parametrize(("end", "draining"), [("12:00:01", True), ("11:59:59", False)])
def test_a_pod_that_ends_its_work_is_waited_for(end: str, draining: bool) -> None:
    """As long as Kubernetes gives it."""
    pod = {"metadata": {"deletionTimestamp": f"2026-11-23T{end}Z"}}
    assert stand("Deployment", live({"replicas": 1}), [pod], NOW).draining is draining
    assert not stand("Deployment", live({"replicas": 0}), [pod], NOW).draining


@pytest.mark.parametrize(("since", "done"), [("11:59:58", False), ("11:59:50", True)])
def test_a_pod_that_is_ready_for_a_moment_is_not_done(since: str, done: bool) -> None:
    """It may crash in the next one: without a probe whatever runs is ready."""
    ready = condition("Ready", lastTransitionTime=f"2026-11-23T{since}Z")
    found = stand("Deployment", live({"replicas": 2}, **DONE), [pod(conditions=ready)], NOW, steady=5)
    assert (found.ready, found.done) == (2, done)


def test_a_pod_that_has_crashed_meanwhile_is_not_done() -> None:
    """What its Deployment says was asked for a moment before."""
    crashed = pod(containerStatuses=[container(terminated={"exitCode": 3})])
    assert not stand("Deployment", live({"replicas": 2}, **DONE), [crashed], NOW).done


def pod(**status: Any) -> dict[str, Any]:
    """Return a pod."""
    return {"metadata": {"name": "a-1", "namespace": "n"}, "status": status}


def container(**state: Any) -> dict[str, Any]:
    """Return how a container stands."""
    return {"name": "main", "restartCount": state.pop("restarts", 0), "state": state}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            pod(containerStatuses=[container(waiting={"reason": "ImagePullBackOff", "message": "no a:1"})]),
            "pod a-1: container main: ImagePullBackOff: no a:1",
        ),
        (
            pod(initContainerStatuses=[container(terminated={"exitCode": 3, "reason": "Error"}, restarts=1)]),
            "pod a-1: container main: Error, exit code 3, 1 restart",
        ),
        (
            pod(
                conditions=[
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "no \x1b[0m",
                    }
                ]
            ),
            "pod a-1: Unschedulable: no \\x1b[0m",
        ),
        (pod(phase="Failed", reason="Evicted", message="no disk"), "pod a-1: Evicted: no disk"),
    ],
)
def test_a_pod_s_trouble_is_told(found: dict[str, Any], told: str) -> None:
    """With container, reason and code; nothing in it commands a terminal."""
    assert str(trouble(found)) == told


def test_a_pod_that_starts_or_ends_has_no_trouble() -> None:
    """Each takes its time."""
    starts = pod(containerStatuses=[container(waiting={"reason": "ContainerCreating"})])
    ends = pod(containerStatuses=[container(terminated={"exitCode": 143})])
    ends["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    done = pod(phase="Succeeded", containerStatuses=[container(terminated={"exitCode": 0})])
    assert [trouble(one) for one in (starts, ends, done)] == [None, None, None]


def test_secrets_are_hidden_longest_first() -> None:
    """One may be within another; those of a few letters would hide half of a text."""
    assert (
        hidden("of abcdefgh and abcdef, and of 1", ["abcdef", "abcdefgh", "1"]) == "of *** and ***, and of 1"
    )
