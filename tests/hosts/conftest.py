"""Hosts for tests: real systemd, addresses of their own, reached by SSH. Needs root; only with `pytest --hosts`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from fleet import lab as lab_hosts
from fleet.host import Host, start
from fleet.image import image
from fleet.keys import Keys
from fleet.needs import needed
from fleet.network import ROLES
from fleet.owner import ENVIRONMENT, myself, remove_all, sweep
from fleet.playing import Played, play
from fleet.standing_back import SHARES, Place

HERE = Path(__file__).resolve().parent
END_TO_END = HERE / "end_to_end"
BESIDE_HADOOP = END_TO_END / "test_hadoop.py"
# Sooner than the roles' scenarios, which run beside these tests.
OTHERS_NICE = 10
OWN_NICE = os.getpriority(os.PRIO_PROCESS, 0)
NUMBERS = itertools.count(1)
KEYS = Keys(HERE.parents[1] / ".aerodrome/role-hosts", "10.203.78.*")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever has root ask for the tests that need hosts."""
    parser.addoption("--hosts", action="store_true", help="tests on hosts with systemd; needs root")
    parser.addoption(
        "--beside-hadoop", action="store_true", help="of the tests from end to end those with a Hadoop too"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs hosts, or minutes of its own, unless it is asked for."""
    left_out = () if config.getoption("--hosts") else (HERE,)
    if not config.getoption("--beside-hadoop"):
        left_out = (*left_out, BESIDE_HADOOP)
    kept = [item for item in items if not any(item.path.is_relative_to(place) for place in left_out)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the tests from end to end go first where the processor is scarce: they take longest, one after the other."""
    if item.config.getoption("--hosts"):
        first, place = item.path.is_relative_to(END_TO_END), _place()
        (place.go_first if first else place.stand_back)()
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, OWN_NICE + (0 if first else OTHERS_NICE))


def pytest_sessionfinish() -> None:
    """Leave no group behind."""
    if _place.cache_info().currsize:
        _place().leave()


@cache
def _place() -> Place:
    """Return where this process came from, which is another place when it stands back."""
    return Place("others", SHARES["others"])


@pytest.fixture
def gone_first() -> None:
    """Let a test begin where this process came from, in whatever group that is."""
    _place().go_first()


@pytest.fixture(scope="session")
def test_image() -> Iterator[str]:
    """The image of test hosts; whatever this run starts of it is gone afterwards, also after a kill -9."""
    assert needed("hosts-image") == 0
    os.environ[ENVIRONMENT] = myself()
    sweep()
    yield image()
    remove_all(os.environ.pop(ENVIRONMENT))


@pytest.fixture(scope="module")
def start_host(test_image: str) -> Iterator[Callable[..., Host]]:
    """Starts a host, which is gone after the module's tests."""
    hosts = []

    def started(name: str = "", address: str = "") -> Host:
        number = next(NUMBERS)
        # What podman still takes away keeps its name for a while.
        container = f"aerodrome-{name or 'host'}-{myself()}-{number}"
        host = start(name or f"host{number}", ROLES, KEYS, test_image, address=address, container=container)
        hosts.append(host)
        return host

    yield started
    for host in hosts:
        host.remove()


@pytest.fixture(scope="session")
def lab() -> dict[str, Host]:
    """The hosts of environments/lab, started where they are not up; they stay, as a platform may use them."""
    assert needed("hosts") == 0
    return {host.name: host for host in lab_hosts.up()}


@pytest.fixture(scope="session")
def playbook() -> Callable[..., Played]:
    """Runs a role on a host: playbook(host, role, variables, check=…)."""
    return play
