"""What whoever deploys may not do is told before anything is changed, all of it at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import select
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.kubernetes.required_rights import require_rights
from api_server_stand_in import kubeconfig
from cluster_store import Store, storing

ENVIRONMENT = Environment.model_validate(
    {
        "name": "prod",
        "kind": "kubernetes",
        "zones": {"default": {}},
        "queues": {"default": {"zone": "default"}},
        "cluster": {"namespace": "flights"},
    }
)


@pytest.fixture
def prod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Cluster]]:
    """A cluster, and what whoever is logged in may not do there."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with storing(tmp_path / "helm.json") as (store, address):
        yield store, Cluster(select(json.loads(kubeconfig(prod=address)), "prod", "this test"))


def test_all_that_is_missing_is_named_at_once(prod: tuple[Store, Cluster]) -> None:
    """With verb, resource and namespace, as whoever gives rights needs it."""
    store, cluster = prod
    store.denied = {
        "create pods/exec in flights",
        "get pods/exec in flights",
        "get pods/portforward in flights",
        "patch roles.rbac.authorization.k8s.io in flights",
        "create namespaces",
    }
    with pytest.raises(UserError) as raised:
        require_rights(cluster, ENVIRONMENT)
    assert str(raised.value.args[0]).splitlines() == [
        f"a deploy to prod needs rights that you do not have at {cluster.server}; nothing was changed:",
        "    create namespaces in the whole cluster",
        "    create, get pods/exec in namespace flights",
        "    get pods/portforward in namespace flights",
        "    patch roles.rbac.authorization.k8s.io in namespace flights",
    ]


def test_a_right_of_the_whole_cluster_is_asked_only_for_a_namespace_that_is_missing(
    prod: tuple[Store, Cluster],
) -> None:
    """Who administers the cluster may have made all of them; another tenant is another one to make."""
    store, cluster = prod
    store.objects = {f"/api/v1/namespaces/{name}": {"metadata": {}} for name in ("flights", "tenant-alpha")}
    store.denied = {"create namespaces", "list namespaces", "patch namespaces in flights"}
    require_rights(cluster, ENVIRONMENT, ["tenant-alpha"])
    with pytest.raises(UserError) as raised:
        require_rights(cluster, ENVIRONMENT, ["tenant-alpha", "tenant-beta"])
    assert refused(raised) == ["create namespaces in the whole cluster"]


def test_namespaces_that_the_release_makes_are_changed_by_it(prod: tuple[Store, Cluster]) -> None:
    """So is the release's own where it is there for the lock alone; where nobody may look all is asked for."""
    store, cluster = prod
    reserved = {"metadata": {"annotations": {"aerodrome/reserved": "true"}}}
    store.objects = {"/api/v1/namespaces/flights": reserved}
    store.denied = {f"patch namespaces in {name}" for name in ("flights", "tenant-alpha", "tenant-beta")}
    store.denied |= {"create namespaces", "get namespaces in tenant-alpha"}
    with pytest.raises(UserError) as raised:
        require_rights(cluster, ENVIRONMENT, ["tenant-alpha"])
    assert refused(raised) == [
        "create namespaces in the whole cluster",
        "patch namespaces in namespace flights",
        "get, patch namespaces in namespace tenant-alpha",
    ]


def refused(raised: pytest.ExceptionInfo[UserError]) -> list[str]:
    """Return the lines with what is missing."""
    return [line.strip() for line in str(raised.value.args[0]).splitlines()[1:]]


def test_who_may_all_is_asked_for_nothing_more(prod: tuple[Store, Cluster]) -> None:
    """And nothing is stored for having asked."""
    store, cluster = prod
    require_rights(cluster, ENVIRONMENT)
    assert (store.asked, store.objects) == ([], {})
