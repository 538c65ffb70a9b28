"""A port of a pod that the cluster does not open."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import select
from aerodrome.clients.cluster_failures import RefusedError
from aerodrome.clients.cluster_forward import Pods, Way, forwarded
from aerodrome.environment import Environment
from aerodrome.kubernetes.desk import desk
from api_server_stand_in import NAMESPACE, ApiServer, kubeconfig, pod, serving

PODS = Pods(NAMESPACE, "component=api-server", 8080)
PORT = f"/api/v1/namespaces/{NAMESPACE}/pods/api-server-1-1/portforward"
SAID = (
    'pods "api-server-1-1" is forbidden: User "ada" cannot get resource "pods/portforward" in API group ""'
    f' in the namespace "{NAMESPACE}"'
)
ENVIRONMENT = Environment.model_validate(
    {
        "name": "dev",
        "kind": "kubernetes",
        "zones": {"default": {}},
        "queues": {"default": {"zone": "default"}},
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
    }
)


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ApiServer, Cluster]]:
    """A cluster in which one pod is ready."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as (state, address):
        state.add("Pod", pod("api-server", conditions=[{"type": "Ready", "status": "True"}]))
        yield state, Cluster(select(json.loads(kubeconfig(dev=address)), "dev", "this test"))


def connect(way: Way) -> bytes:
    """Return what comes through."""
    host, port = way.address.split(":")
    with socket.create_connection((host, int(port))) as here:
        return here.recv(1)


def test_a_way_that_leads_nowhere_ends_the_connection(
    dev: tuple[ApiServer, Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is seen of it: whoever asked says what does not answer."""
    failed: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    state, cluster = dev
    with forwarded(cluster, PODS) as way:
        assert connect(way) == b""
    for thread in [one for one in threading.enumerate() if "_connect" in one.name]:
        thread.join(5)
    way.check()
    assert state.asked[-1] == PORT and failed == []


def test_a_way_that_the_cluster_refuses_says_so(dev: tuple[ApiServer, Cluster]) -> None:
    """Until it lets somebody through: rights may come while a deploy goes on."""
    state, cluster = dev
    state.refused[PORT] = {"message": SAID}
    with forwarded(cluster, PODS) as way:
        assert connect(way) == b""
        with pytest.raises(
            RefusedError, match=f"^ada may not get pods/portforward in namespace {NAMESPACE}\n"
        ):
            way.check()


def test_an_airflow_that_nobody_may_reach_is_not_taken_for_a_silent_one(
    dev: tuple[ApiServer, Cluster],
) -> None:
    """A plan would leave out what it cannot see, and a deploy wait for it."""
    state, cluster = dev
    state.refused[PORT] = {"message": SAID}
    with desk(cluster, ENVIRONMENT, patience=60) as people, pytest.raises(RefusedError):
        people.known["admin"] = "word"
        people.administrator()
