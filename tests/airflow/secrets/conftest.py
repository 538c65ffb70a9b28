"""One store for all tests that leave it running, and an agent of it for each test."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import kerberos_realm
import pytest
from debian import leave_out_without

# Test folders are no packages: the module beside this file has a name of its own.
sys.path.insert(0, str(Path(__file__).parent))

from aws_place import Front, filled
from cluster_place import bao_in_cluster
from secrets_place import Agent, Bao, Door, agent_in_thread, settings


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs Debian's Kerberos, unless hosts are tested too: `make test` needs no package."""
    leave_out_without(kerberos_realm.PACKAGES, Path(__file__).with_name("test_ticket.py"), config, items)


@pytest.fixture(scope="session")
def shared_bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """A store that stays."""
    made = Bao(tmp_path_factory.mktemp("bao"))
    try:
        made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="session")
def cluster_bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """A store with the roles of an environment in a cluster."""
    with bao_in_cluster(tmp_path_factory.mktemp("bao")) as made:
        yield made


@pytest.fixture
def bao(shared_bao: Bao) -> Bao:
    """The store that stays, with the secrets that every test expects."""
    shared_bao.store_everything()
    return shared_bao


@pytest.fixture
def door(bao: Bao) -> Iterator[Door]:
    """What counts the calls to the store."""
    made = Door(bao.port)
    yield made
    made.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="agent-") as made:
        yield Path(made)


@pytest.fixture
def agent(door: Door, folder: Path) -> Iterator[Agent]:
    """An agent of zone default."""
    with agent_in_thread(settings(folder, door.port)) as made:
        yield made


@pytest.fixture(scope="session")
def aws() -> Iterator[int]:
    """The port of AWS's double, with parameters of two tenants."""
    with filled() as port:
        yield port


@pytest.fixture
def front(aws: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """What counts the calls; the machine has credentials of its own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "the-machines")
    made = Front(aws)
    yield made
    made.shutdown()
    made.server_close()
