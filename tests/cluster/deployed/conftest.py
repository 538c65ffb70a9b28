"""The environment `sandbox`, deployed once for all tests of this folder; each begins with what the one before left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from debian import ensure
from kubernetes import client
from sandbox import NAMESPACE, Sandbox, namespaces, remove, sandbox
from testbed import addons, bases, registry
from testbed.place import NODES


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
