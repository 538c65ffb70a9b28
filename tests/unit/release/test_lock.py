"""The lock of an environment: how long its holder has it, and what others are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import select
from aerodrome.clients.cluster_lease import RENEWALS, SECONDS, Lease, LostError
from aerodrome.clients.cluster_namespace import reserved
from aerodrome.clients.cluster_rollout import Patience
from aerodrome.clients.eks import login
from aerodrome.cluster_settings import EksSettings
from aerodrome.errors import AerodromeError, HeldError
from aerodrome.progress import silent
from api_server_stand_in import kubeconfig
from cluster_store import NAMESPACE, Store, storing


@pytest.fixture
def prod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Cluster]]:
    """A cluster in which nobody deploys."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with storing(tmp_path / "helm.json") as (store, address):
        yield store, Cluster(select(json.loads(kubeconfig(prod=address)), "prod", "this test"))


def test_a_lock_is_held_from_when_it_was_asked_for(prod: tuple[Store, Cluster]) -> None:
    """Others count from then too: a slow answer gives the holder no second more."""
    store, cluster = prod
    mine = Lease(cluster, NAMESPACE, "aerodrome-prod", seconds=1)
    store.slow = 1.2
    mine.take(silent)
    with pytest.raises(LostError, match="the lock aerodrome-prod could not be renewed"):
        mine.check()


@pytest.mark.usefixtures("prod")
def test_a_cluster_that_goes_away_hides_nothing_that_a_first_deploy_says(tmp_path: Path) -> None:
    """The namespace that was made for the lock stays: the next deploy takes it for one that is not there yet."""
    with ExitStack() as server:
        store, address = server.enter_context(storing(tmp_path / "helm.json"))
        cluster = Cluster(select(json.loads(kubeconfig(prod=address)), "prod", "this test"))
        with (
            pytest.raises(AerodromeError, match="done: secrets; not done: release"),
            reserved(cluster, "first"),
        ):
            server.close()
            raise AerodromeError("done: secrets; not done: release")
    assert store.asked == ["POST /api/v1/namespaces"]


def test_a_lock_outlives_an_api_server_that_is_away_for_a_while() -> None:
    """Also where it went just before the next renewal: who waits longer would hear that the lock is lost instead."""
    assert Patience().away + SECONDS / RENEWALS < SECONDS


def test_who_waits_is_told_a_command_that_finds_the_cluster(prod: tuple[Store, Cluster]) -> None:
    """No kubeconfig has the context of a cluster of EKS: a command of AWS makes it first."""
    _, cluster = prod
    Lease(cluster, NAMESPACE, "aerodrome-prod", "ada@desk:1").take(silent)
    eks = EksSettings(name="data-prod", region="eu-central-1", account="222233334444", role_arn="arn:aws:x")
    there = Cluster(replace(cluster.access, login=login(eks)))
    for asked, first in ((cluster, "`kubectl"), (there, "`aws eks update-kubeconfig")):
        with pytest.raises(HeldError, match="ada@desk:1 deploys here since") as told:
            Lease(asked, NAMESPACE, "aerodrome-prod").take(silent)
        assert first in told.value.remedy
        assert "kubectl --context prod -n airflow delete lease aerodrome-prod`" in told.value.remedy
    assert " --name data-prod --region eu-central-1 --role-arn arn:aws:x && kubectl" in told.value.remedy
