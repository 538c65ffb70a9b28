"""In a tenant's pod the agent logs in to a real OpenBao as the pod's service account.

A stand-in for Kubernetes reviews tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_place import agent_in_pod, token
from secrets_place import Agent, Bao


@pytest.fixture
def pod(cluster_bao: Bao, folder: Path, request: pytest.FixtureRequest) -> Iterator[Agent]:
    """The agent of a pod of alpha in zone default, whose token the test may give."""
    text = getattr(request, "param", token("alpha-default", "tenant-alpha"))
    with agent_in_pod(folder, cluster_bao, text, tenant="alpha") as made:
        yield made


def test_a_pod_reads_its_tenants_secrets(pod: Agent) -> None:
    """As far as its zone may: what is for personal data is not read here."""
    assert pod.password("db") == "alpha-db-password"
    assert pod.ask("threshold", kind="variable").value == {"value": "alpha-threshold-17"}
    assert pod.password("people") == "refused"


def test_a_pod_asks_for_no_other_tenant(pod: Agent) -> None:
    """Its agent refuses, and the store would."""
    assert pod.password("db", tenant="beta") == "refused"


def test_a_token_that_was_renewed_is_read_again(pod: Agent, folder: Path) -> None:
    """After the five minutes of a login, the file holds a newer one."""
    assert pod.password("db") == "alpha-db-password"
    (folder / "token").write_text("spoilt")
    pod.time.now += 600
    assert pod.password("db0") == "unavailable"
    (folder / "token").write_text(token("alpha-default", "tenant-alpha"))
    # The agent does not ask again at once.
    pod.time.now += 10
    assert pod.password("db1") == "alpha-db1-password"


@pytest.mark.parametrize(
    "pod",
    [
        token("beta-default", "tenant-beta"),
        token("alpha-pii", "tenant-alpha"),
        token("alpha-default", "tenant-beta"),
        token("alpha-default", "tenant-alpha", audience="sts.amazonaws.com"),
        token("alpha-default", "tenant-alpha", audience="https://kubernetes.default.svc"),
        "no token",
    ],
    ids=["another tenant", "another zone", "another namespace", "a token for AWS", "for the cluster", "none"],
    indirect=True,
)
def test_another_token_opens_nothing(pod: Agent) -> None:
    """Nobody else's, and none of the same pod that is for something else."""
    answer = pod.ask("db")
    assert answer.outcome == "unavailable"
    assert "does not accept the login of the pods of tenant 'alpha' in zone 'default'" in answer.reason


def test_a_pod_without_a_token_says_so(pod: Agent, folder: Path) -> None:
    """Where its file should be."""
    (folder / "token").unlink()
    assert f"has no token to log in with: {folder / 'token'}" in pod.ask("db").reason
