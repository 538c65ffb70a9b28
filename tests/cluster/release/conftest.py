"""Releases of a small chart, each in a namespace of its own."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator

import pytest
from aerodrome.clients.cluster_access import Access, access
from kubernetes import client
from pods import Space, space
from release_bench import HELMS, Bench, bench


@pytest.fixture(scope="session")
def way(api: client.ApiClient) -> Access:
    """How the cluster of KUBECONFIG is reached."""
    return access(kubeconfig=os.environ["KUBECONFIG"])


@pytest.fixture(params=HELMS)
def fresh(request: pytest.FixtureRequest, way: Access) -> Iterator[Bench]:
    """A release that was never installed, with Helm 3 and with Helm 4."""
    with bench(way, request.param) as found:
        yield found


@pytest.fixture
def unreleased(way: Access) -> Iterator[Bench]:
    """A release that was never installed, with Helm 3 alone."""
    with bench(way, HELMS[0]) as found:
        yield found


@pytest.fixture(scope="session")
def installed(way: Access) -> Iterator[Callable[[str], Bench]]:
    """A call gives the release that a Helm of that name deployed, once for all tests: each leaves it as it was."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def by(program: str) -> Bench:
            found = stack.enter_context(bench(way, program))
            found.deploy()
            return found

        yield by


@pytest.fixture(params=HELMS)
def deployed(request: pytest.FixtureRequest, installed: Callable[[str], Bench]) -> Iterator[Bench]:
    """A release that is deployed, and left as it was by each test, with Helm 3 and with Helm 4."""
    found = installed(request.param)
    yield found
    found.restore()


@pytest.fixture
def released(installed: Callable[[str], Bench]) -> Iterator[Bench]:
    """The same with Helm 3 alone, where Helm's version does not matter."""
    found = installed(HELMS[0])
    yield found
    found.restore()


@pytest.fixture
def elsewhere(api: client.ApiClient) -> Iterator[Space]:
    """A namespace without a release."""
    with space(api) as found:
        yield found
