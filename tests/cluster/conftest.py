"""Tests on a real Kubernetes: with `pytest --cluster`, on the cluster that KUBECONFIG names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client, config
from kubernetes.config import kube_config
from pods import Space, space
from suite.results import Rows, record
from tried_objects import digest

HERE = Path(__file__).resolve().parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever has a cluster ask for the tests that need one."""
    parser.addoption(
        "--cluster", action="store_true", help="tests on the cluster of KUBECONFIG: see make cluster"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Have what all attacks on pods have found kept for the security page."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(
            Rows(lambda rows, where: record(config.rootpath, rows, where, digest), cluster=True)
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a cluster unless it is asked for."""
    if config.getoption("--cluster"):
        return
    left_out = [item for item in items if item.path.is_relative_to(HERE)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def api() -> Iterator[client.ApiClient]:
    """The API server of the cluster that KUBECONFIG names."""
    settings = client.Configuration()
    config.load_kube_config(os.environ["KUBECONFIG"], client_configuration=settings)
    with client.ApiClient(settings) as found:
        yield found
    # The client keeps keys in files of its own until the interpreter ends.
    kube_config._cleanup_temp_files()


@pytest.fixture
def here(api: client.ApiClient) -> Iterator[Space]:
    """A namespace of the test's own."""
    with space(api) as found:
        yield found


@pytest.fixture
def there(api: client.ApiClient) -> Iterator[Space]:
    """Another one."""
    with space(api) as found:
        yield found
