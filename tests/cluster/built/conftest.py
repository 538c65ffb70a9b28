"""The platform's image and those of the example tenants, built once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import httpx
import pytest
from attacked_pods import BROKERS_PORT, Pods
from debian import ensure
from image_store import Built, copied
from kubernetes import client
from pods import Space, space
from suite.place import Place
from tenant_pods import RECORDS, TenantPod, tenant_pod
from testbed import bases
from testbed.place import REGISTRY

MakePod = Callable[..., AbstractContextManager[TenantPod]]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """What `make images` has built and pushed."""
    try:
        httpx.get(f"http://{REGISTRY}/v2/", timeout=5)
    except httpx.HTTPError:
        pytest.fail(f"no registry at {REGISTRY}: these tests want the cluster of make cluster")
    ensure(bases.PACKAGES)
    bases.ensure_bases()
    repository = copied(tmp_path_factory.mktemp("repository"))
    found, _ = repository.images()
    return Built(repository, {name: f"{each['repository']}@{each['digest']}" for name, each in found.items()})


@pytest.fixture(scope="module")
def room(api: client.ApiClient) -> Iterator[Space]:
    """A namespace for all tests of a module."""
    with space(api) as found:
        yield found


@pytest.fixture(scope="module")
def make_pod(api: client.ApiClient, built: Built, room: Space) -> MakePod:
    """How a tenant's pod is made, as the chart writes it; `room` stands for the namespace of the release."""
    return partial(tenant_pod, api, built.references, room.name)


@pytest.fixture(scope="module")
def broker(room: Space) -> str:
    """The address of what looks like the broker: in the release's namespace, with its labels."""
    return _listening(room, "broker", {"tier": "airflow", "release": "airflow", "component": "redis"})


@pytest.fixture(scope="module")
def records(room: Space) -> str:
    """The address of what only the zone of personal data may reach."""
    return _listening(room, "records", RECORDS)


def _listening(room: Space, name: str, labels: dict[str, str]) -> str:
    room.start(name, "probe", "serve", str(BROKERS_PORT), name)
    room.core.patch_namespaced_pod(name, room.name, {"metadata": {"labels": labels}})
    room.wait(name, "Running")
    return str(room.core.read_namespaced_pod(name, room.name).status.pod_ip)


@pytest.fixture(scope="module")
def pods(make_pod: MakePod, broker: str, records: str) -> Iterator[Pods]:
    """The pods of two tenants."""
    with make_pod() as own, make_pod() as other:
        found = Pods(own, other, broker, records)
        found.listen()
        yield found


@pytest.fixture(scope="module")
def open_pods(make_pod: MakePod, broker: str, records: str) -> Iterator[Pods]:
    """The same without what keeps namespaces to themselves."""
    with make_pod() as own, make_pod() as other:
        found = Pods(own, other, broker, records)
        found.listen()
        found.open()
        yield found


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest) -> Place:
    """Everything that an attack may use."""
    return Place(request.getfixturevalue)


@pytest.fixture(scope="module")
def where(api: client.ApiClient) -> str:
    """What the cluster is made of, in words."""
    (node, *_) = client.CoreV1Api(api).list_node().items
    found = node.status.node_info
    return f"kubelet {found.kubelet_version}, {found.container_runtime_version.replace('://', ' ')}"
