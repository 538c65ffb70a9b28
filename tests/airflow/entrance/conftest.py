"""One entrance for the tests of this folder, with two hosts on one queue and one on another."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from debian import leave_out_without

# Test folders are no packages: the module beside this file has a name of its own.
sys.path.insert(0, str(Path(__file__).parent))

from entrance_place import Entrance, made, running

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs Debian's Redis, unless hosts are tested too: `make test` needs no package."""
    leave_out_without(["redis-server"], HERE, config, items)


@pytest.fixture(scope="session")
def entrance(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    """An entrance that runs."""
    with running(made(repository, tmp_path_factory.mktemp("entrance"))) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_in(entrance: Entrance) -> Iterator[None]:
    """Each test begins with no host let in."""
    yield
    for host in entrance.platform.credentials.hosts():
        entrance.access.revoke(host)
