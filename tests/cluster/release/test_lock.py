"""One deploy at a time in one environment, however the one before ended."""

from __future__ import annotations

import socket

import pytest
from aerodrome.clients import cluster_namespace
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import Access
from aerodrome.clients.cluster_lease import Lease, LostError, alone
from aerodrome.errors import HeldError
from aerodrome.local.machine.deadline import wait_until
from aerodrome.progress import silent
from pods import LONGEST_SECONDS, Space
from release_bench import Bench

PATH = "/apis/coordination.k8s.io/v1/namespaces/{}/leases/aerodrome-dev"


def test_a_second_deploy_is_refused_with_who_holds_the_lock(way: Access, elsewhere: Space) -> None:
    """At once, and with the command that breaks it."""
    with alone(Cluster(way), elsewhere.name, "dev", silent) as lease:
        with pytest.raises(HeldError) as raised, alone(Cluster(way), elsewhere.name, "dev", silent):
            pass
        lease.check()
    assert f"@{socket.gethostname()}:" in str(raised.value)
    assert "deploys here since" in str(raised.value)
    assert f"-n {elsewhere.name} delete lease aerodrome-dev` breaks it now" in str(raised.value)
    assert Cluster(way).find(PATH.format(elsewhere.name)) is None


def test_a_lock_of_a_killed_deploy_is_taken_over(way: Access, elsewhere: Space) -> None:
    """Once its time is over, and somebody says so."""
    Lease(Cluster(way), elsewhere.name, "aerodrome-dev", "killed@host:1", seconds=1).take(silent)
    told: list[str] = []
    assert wait_until(lambda: _takes(way, elsewhere, told), LONGEST_SECONDS)
    assert told[0].startswith("takes over the lock aerodrome-dev of killed@host:1, which was not renewed for")


def test_a_deploy_that_lost_its_lock_stops(way: Access, elsewhere: Space) -> None:
    """It finds out when it renews the lock, and leaves the other's alone."""
    cluster = Cluster(way)
    mine = Lease(cluster, elsewhere.name, "aerodrome-dev", "me@here:1", seconds=2)
    mine.take(silent)
    cluster.request("DELETE", PATH.format(elsewhere.name))
    Lease(cluster, elsewhere.name, "aerodrome-dev", "other@there:2").take(silent)
    mine.keep()
    with pytest.raises(LostError, match="the lock aerodrome-dev was taken by other@there:2"):
        mine.check()
    mine.give_back()
    assert cluster.get(PATH.format(elsewhere.name))["spec"]["holderIdentity"] == "other@there:2"


def test_a_lock_that_cannot_be_renewed_stops_its_deploy(way: Access, elsewhere: Space) -> None:
    """Whoever comes after may have taken it over by then."""
    mine = Lease(Cluster(way), elsewhere.name, "aerodrome-dev", seconds=1)
    mine.take(silent)

    def lost() -> bool:
        try:
            mine.check()
        except LostError as problem:
            return "could not be renewed for" in str(problem)
        return False

    assert wait_until(lost, LONGEST_SECONDS)


def test_a_namespace_that_was_made_for_the_lock_changes_no_plan(unreleased: Bench) -> None:
    """And is gone with the lock where nothing was applied."""
    before = unreleased.plan()
    with cluster_namespace.reserved(unreleased.cluster, unreleased.namespace):
        assert unreleased.plan() == before
    assert wait_until(lambda: _is_gone(unreleased), LONGEST_SECONDS)


def test_a_deploy_without_its_lock_changes_nothing(unreleased: Bench) -> None:
    """It asks before each step."""
    target = unreleased.target()

    def lost() -> None:
        raise LostError("the lock was taken")

    target.guard = lost
    with pytest.raises(LostError):
        target.apply(target.changes(), silent)
    assert unreleased.cluster.find(f"/api/v1/namespaces/{unreleased.namespace}") is None


def _takes(way: Access, where: Space, told: list[str]) -> bool:
    try:
        with alone(Cluster(way), where.name, "dev", told.append):
            return True
    except HeldError:
        return False


def _is_gone(bench: Bench) -> bool:
    return bench.cluster.find(f"/api/v1/namespaces/{bench.namespace}") is None
