"""A port of a pod that the cluster does not open."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import select
from aerodrome.clients.cluster_forward import Pods, forwarded
from api_server_stand_in import NAMESPACE, kubeconfig, pod, serving


def test_a_way_that_the_cluster_refuses_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is seen of it: whoever asked says what does not answer."""
    monkeypatch.delenv("HTTP_PROXY", raising=False)
    monkeypatch.delenv("http_proxy", raising=False)
    failed: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    with serving() as (state, address):
        state.add("Pod", pod("api-server", conditions=[{"type": "Ready", "status": "True"}]))
        cluster = Cluster(select(json.loads(kubeconfig(dev=address)), "dev", "this test"))
        with forwarded(cluster, Pods(NAMESPACE, "component=api-server", 8080)) as way:
            host, port = way.split(":")
            with socket.create_connection((host, int(port))) as here:
                assert here.recv(1) == b""
    for thread in [one for one in threading.enumerate() if "_connect" in one.name]:
        thread.join(5)
    assert state.asked[-1].endswith("/portforward") and failed == []
