"""Network policies hold, between namespaces and within one node."""

from __future__ import annotations

from typing import Any

from aerodrome.local.machine.deadline import wait_until
from kubernetes import client
from kubernetes_itself.test_pods import PAGE, SLEEP
from pods import LONGEST_SECONDS, Space


def test_a_policy_lets_in_whom_it_names_and_nobody_else(here: Space, there: Space) -> None:
    """Before there is one, everybody comes in."""
    here.start("page", *PAGE)
    here.start("friend", *SLEEP)
    there.start("stranger", *SLEEP)
    address = here.wait("page", "Running").pod_ip
    here.wait("friend", "Running")
    there.wait("stranger", "Running")
    assert wait_until(lambda: _reads(here, "friend", address), LONGEST_SECONDS)
    assert wait_until(lambda: _reads(there, "stranger", address), LONGEST_SECONDS)
    _admit(here, "page", "friend")
    assert wait_until(lambda: not _reads(there, "stranger", address), LONGEST_SECONDS)
    assert wait_until(lambda: _reads(here, "friend", address), LONGEST_SECONDS)


def _reads(where: Space, name: str, address: str) -> bool:
    return where.run(name, "probe", "get", f"http://{address}:8080") == "served"


def _admit(where: Space, name: str, friend: str) -> None:
    source: dict[str, Any] = {"podSelector": {"matchLabels": {"app": friend}}}
    spec = {
        "podSelector": {"matchLabels": {"app": name}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [source]}],
    }
    networking = client.NetworkingV1Api(where.api)
    networking.create_namespaced_network_policy(where.name, {"metadata": {"name": "friends"}, "spec": spec})
