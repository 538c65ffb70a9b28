"""The environment `sandbox`, deployed once for all tests of this folder; each begins with what the one before left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome.environment import load_environment
from aerodrome.kubernetes.connection import connect
from aerodrome.kubernetes.desk import ClusterDesk, desk
from debian import ensure
from kubernetes import client
from sandbox import NAMESPACE, Sandbox, namespaces, remove, sandbox
from testbed import addons, bases, registry
from testbed.place import NODES

HERE = Path(__file__).resolve().parent
_FIRST, _BROKEN = ("deploys", "tenants", "reviewed", "rollouts"), ("interruptions", "migrations")
ORDER = (*_FIRST, *_BROKEN, "logs", "secrets", "hybrid", "login")
"""One module begins with what the one before has left; the last ones ask servers that end with them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the modules of this folder in their order, and others where they are."""
    places = [place for place, item in enumerate(items) if item.path.parent == HERE]
    own = sorted((items[place] for place in places), key=_turn)
    for place, item in zip(places, own, strict=True):
        items[place] = item


def _turn(item: pytest.Item) -> int:
    return ORDER.index(item.path.stem.removeprefix("test_"))


@pytest.fixture(scope="session")
def deployed(api: client.ApiClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox after its first deploy, whose output is `first`; its namespaces go afterwards."""
    if NAMESPACE in namespaces(api):
        pytest.fail(f"the cluster has a namespace {NAMESPACE}: these tests make and remove it")
    addons.free_volumes(api, NODES)
    ensure(bases.PACKAGES)
    bases.ensure_bases()
    registry.empty("sandbox")
    found = sandbox(tmp_path_factory.mktemp("sandbox"))
    try:
        yield found
    finally:
        remove(api)


@pytest.fixture(scope="session")
def first(deployed: Sandbox) -> str:
    """What the first deploy printed."""
    return deployed.deploy()


@pytest.fixture
def airflow(deployed: Sandbox) -> Iterator[ClusterDesk]:
    """The way to Airflow's API server."""
    environment = load_environment(deployed.root, "sandbox")
    with desk(connect(deployed.root, environment).cluster, environment, 120) as found:
        yield found
