"""A rollout whose API server cannot answer for a moment."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import select
from aerodrome.clients.cluster_failures import RefusedError, UnreachableError
from aerodrome.clients.cluster_rollout import Patience, Watch, Workload
from aerodrome.progress import silent
from api_server_stand_in import LISTS, NAMESPACE, ApiServer, deployment, kubeconfig, serving

PATH = LISTS["Deployment"].format(NAMESPACE)
WORKLOAD = Workload(NAMESPACE, "Deployment", "scheduler")


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ApiServer, Cluster]]:
    """A cluster in which one workload is ready."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as (state, address):
        state.add("Deployment", deployment("scheduler", 1, 1))
        yield state, Cluster(select(json.loads(kubeconfig(dev=address)), "dev", "this test"))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_api_server_that_cannot_answer_now_is_asked_again(
    dev: tuple[ApiServer, Cluster], status: int
) -> None:
    """Nothing is wrong with what is rolled out: etcd has another leader, or the control plane another version."""
    state, cluster = dev
    state.busy[PATH] = [status, status]
    watch = Watch(cluster, [WORKLOAD], silent)
    assert [watch.look() for _ in range(3)] == [False, False, True]


def test_one_that_goes_on_so_is_told_as_away(dev: tuple[ApiServer, Cluster]) -> None:
    """With what it says; nobody can change anything there."""
    state, cluster = dev
    state.busy[PATH] = [503]
    with pytest.raises(UnreachableError, match=f"GET {PATH}: 503: leader changed"):
        Watch(cluster, [WORKLOAD], silent, patience=Patience(away=0)).look()


def test_a_refusal_of_another_kind_is_not_waited_out(dev: tuple[ApiServer, Cluster]) -> None:
    """The next answer would be the same."""
    state, cluster = dev
    state.refused[PATH] = {"message": "no"}
    with pytest.raises(RefusedError, match="no"):
        Watch(cluster, [WORKLOAD], silent).look()
