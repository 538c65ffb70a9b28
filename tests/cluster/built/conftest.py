"""The platform's image and those of the example tenants, built once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from debian import ensure
from image_store import Built, copied
from kubernetes import client
from pods import Space, space
from testbed import bases
from testbed.place import REGISTRY


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
