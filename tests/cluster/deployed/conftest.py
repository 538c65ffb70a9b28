"""The environment `sandbox`, deployed once for all tests of this folder; each begins with what the one before left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aerodrome.local.machine.deadline import wait_until
from debian import ensure
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from sandbox import NAMESPACE, Sandbox, sandbox
from testbed import addons, bases, registry
from testbed.place import NODES

GONE_SECONDS = 900


@pytest.fixture(scope="session")
def deployed(api: client.ApiClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox after its first deploy, whose output is `first`; its namespaces go afterwards."""
    if NAMESPACE in _namespaces(api):
        pytest.fail(f"the cluster has a namespace {NAMESPACE}: these tests make and remove it")
    addons.free_volumes(api, NODES)
    ensure(bases.PACKAGES)
    bases.ensure_bases()
    registry.empty("sandbox")
    found = sandbox(tmp_path_factory.mktemp("sandbox"))
    try:
        yield found
    finally:
        _remove(api)


@pytest.fixture(scope="session")
def first(deployed: Sandbox) -> str:
    """What the first deploy printed."""
    return deployed.deploy()


def _namespaces(api: client.ApiClient) -> set[str]:
    return {one.metadata.name for one in client.CoreV1Api(api).list_namespace().items}


def _remove(api: client.ApiClient) -> None:
    ours = {name for name in _namespaces(api) if name == NAMESPACE or name.startswith("tenant-")}
    for name in ours:
        try:
            client.CoreV1Api(api).delete_namespace(name)
        except ApiException as problem:
            assert problem.status == 404, problem
    assert wait_until(lambda: not ours & _namespaces(api), GONE_SECONDS)
