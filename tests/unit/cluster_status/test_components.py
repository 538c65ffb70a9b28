"""The parts of a release: how many pods are ready, how often they began anew, what keeps one back."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import access
from aerodrome.cluster_settings import ClusterSettings
from aerodrome.kubernetes.status.components import Component, components
from api_server_stand_in import ApiServer, container, deployment, pod, replica_set

UNSCHEDULABLE = [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes: too little memory"}
]  # fmt: skip


def found(state: ApiServer, wanted: int, ready: int, *pods: dict[str, Any]) -> Component:
    """Return what is told of a Deployment with *pods*."""
    state.add("Deployment", deployment("airflow-scheduler", wanted, ready))
    state.add("ReplicaSet", replica_set("airflow-scheduler"))
    for one in pods:
        state.add("Pod", one)
    (made,) = components(Cluster(access()), ClusterSettings())
    return made


def test_a_component_that_works_has_nothing_to_say(api_server: ApiServer) -> None:
    """Its pods have begun anew twice, both together."""
    pods = [pod("airflow-scheduler", number, containerStatuses=container(1)) for number in (1, 2)]
    made = found(api_server, 2, 2, *pods)
    assert (made.ready, made.wanted, made.restarts, made.works, made.why) == (2, 2, 2, True, "")
    assert made.images == {"main": "registry/airflow-scheduler@sha256:1"}


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (
            {"containerStatuses": container(waiting={"reason": "ImagePullBackOff", "message": "no such image"})},
            "pod airflow-scheduler-1-1: container main: ImagePullBackOff: no such image",
        ),
        (
            {"containerStatuses": container(4, waiting={"reason": "CrashLoopBackOff"})},
            "pod airflow-scheduler-1-1: container main: CrashLoopBackOff, 4 restarts",
        ),
        ({"conditions": UNSCHEDULABLE}, "pod airflow-scheduler-1-1: Unschedulable: 0/3 nodes: too little memory"),
        ({"phase": "Pending"}, "pods begin"),
    ],
)  # fmt: skip
def test_what_keeps_a_pod_back_is_told(api_server: ApiServer, status: dict[str, Any], why: str) -> None:
    """By the reason that Kubernetes gives."""
    made = found(api_server, 1, 0, pod("airflow-scheduler", **status))
    assert (made.ready, made.works, made.why) == (0, False, why)


def test_of_several_pods_one_is_told_and_the_others_are_counted(api_server: ApiServer) -> None:
    """They mostly lack the same."""
    waits = {"containerStatuses": container(waiting={"reason": "ErrImagePull"})}
    made = found(api_server, 3, 1, *(pod("airflow-scheduler", number, **waits) for number in (1, 2)))
    assert made.why == "pod airflow-scheduler-1-1: container main: ErrImagePull (and 1 other pod)"


def test_another_releases_workloads_are_left_out(api_server: ApiServer) -> None:
    """And those of nobody's."""
    api_server.add("Deployment", deployment("other", 1, 1, release="other"))
    foreign = deployment("foreign", 1, 1)
    del foreign["metadata"]["annotations"]
    api_server.add("Deployment", foreign)
    assert components(Cluster(access()), ClusterSettings()) == ()
