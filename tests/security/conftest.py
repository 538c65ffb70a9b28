"""The place of the attacks: what they need is started when the first of them asks for it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import company as companies
import directory
import psycopg
import pytest
import served
from live_platform import clone, state_folder
from postgres_server import postgres
from suite.attack import Attack
from suite.deployment import Deployment, running
from suite.hosts import Host, another
from suite.live import Live
from suite.place import MARK, Place
from suite.results import Rows, write
from suite.weakened import is_root

__all__ = ["postgres"]

SOURCE = Path(__file__).parent / "repository"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test-security` ask for all attacks."""
    parser.addoption("--all-attacks", action="store_true", help="those that need root and a platform too")


def pytest_configure(config: pytest.Config) -> None:
    """Let whoever started the processes that run the tests write down what all of them have found."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Rows(lambda rows, _: write(config.rootpath, rows, root=is_root())))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `make test-security` runs."""
    if config.getoption("--all-attacks"):
        return
    kept = [item for item in items if not _needs_more(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _needs_more(item: pytest.Item) -> bool:
    if not item.path.is_relative_to(Path(__file__).parent):
        return False
    attack = getattr(item, "callspec", None) and item.callspec.params.get("attack")
    if isinstance(attack, Attack):
        return "platform" in attack.needs or ("directory" in attack.needs and not _has_slapd())
    return item.get_closest_marker("all_attacks") is not None


def _has_slapd() -> bool:
    """Return whether attacks on a login by LDAP are for this run; root has `make test-security` for them."""
    return not is_root() and Path(directory.PROGRAM).exists()


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest) -> Place:
    """Everything that an attack may use."""
    return Place(request.getfixturevalue)


@pytest.fixture(scope="session")
def served_place(postgres: Any) -> Iterator[Any]:
    """An API server with all defences and one with none, on one database with two tenants."""
    with served.running(postgres) as found:
        yield found


@pytest.fixture(scope="session")
def spare_place(postgres: Any) -> Iterator[Any]:
    """The same with a database of its own, which attacks may spoil."""
    with served.running(postgres) as found:
        yield found


@pytest.fixture(scope="session")
def followed_company(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[companies.Company]:
    """A company's login: an API server, a directory with a person, and roles that follow it."""
    name = f"company_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.uri.replace("postgres:", "postgresql:"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    database = postgres.uri.removeprefix("postgres://").removesuffix("/postgres") + f"/{name}"
    folder = tmp_path_factory.mktemp("company")
    with (
        directory.running(folder / "slapd") as slapd,
        companies.running(slapd, database, folder) as found,
    ):
        found.joins("ida", "regulars")
        yield found


@pytest.fixture(scope="session")
def results_in_aws_place() -> Iterator[Any]:
    """Large results of both tenants in a bucket of S3."""
    # It loads a good part of AWS's double: only where an attack asks for it.
    import results_in_aws

    with results_in_aws.running() as found:
        yield found


@pytest.fixture(scope="session")
def deployment(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A platform that root deployed, whose people are in a directory that it runs."""
    copy = clone(repository, SOURCE, tmp_path_factory.mktemp("clone"), ("alpha", "beta"))
    state = state_folder("aerodrome-attacked", tmp_path_factory.mktemp("state"))
    with running(copy, state) as found:
        yield found


@pytest.fixture(scope="session")
def live(deployment: Deployment) -> Live:
    """That platform, with the attacker's and the victim's people, code and secrets."""
    found = Live(deployment.platform)
    for tenant in ("alpha", "beta"):
        found.keep_variable(tenant, "token", MARK if tenant == "beta" else "of-alpha")
    return found


@pytest.fixture(scope="session")
def other_host() -> Iterator[Host]:
    """Another machine in the network of this one."""
    with another() as found:
        yield found
