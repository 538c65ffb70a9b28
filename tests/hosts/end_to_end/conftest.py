"""Three hosts with systemd, the platform on this machine, and `make workers` between them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from control import guide, hadoop_tenant, losses
from control.outage import Outage, outage
from control.plane import deployed
from control.prometheus import Prometheus, prometheus
from control.workers import Workers
from fleet.host import Host
from hadoop import packages

SOURCE = Path(__file__).parent / "repository"
# What waits for minutes begins early, and the tests after it use the time; the last one takes a host away. What must
# happen while a host is away comes first of that.
ORDER = (
    "provisioning",
    "tasks",
    "guide",
    "network",
    "losses",
    "outage",
    "least_secrets",
    "back",
    "drains",
    "hadoop",
    "retries",
    "removed",
)
LONGEST_SECONDS = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of this folder in their order, and let the first of them wait for the platform."""
    own = [item for item in items if item.path.parent == SOURCE.parent]
    for item in own:
        item.add_marker(pytest.mark.timeout(LONGEST_SECONDS))
    ranks = {f"test_{name}": rank for rank, name in enumerate(ORDER)}
    ordered = iter(sorted(own, key=lambda item: ranks[item.path.stem]))
    items[:] = [next(ordered) if item in own else item for item in items]


@pytest.fixture(scope="session")
def workers(request: pytest.FixtureRequest, lab: dict[str, Host]) -> Iterator[Workers]:
    """The lab's hosts as workers of a platform that knows them; set up for Hadoop where a test of it is asked for."""
    beside_hadoop = any(item.path.stem == "test_hadoop" for item in request.session.items)
    prepare = (hadoop_tenant.add,) if beside_hadoop else (guide.add_example,)
    more = packages.surroundings() if beside_hadoop else {}
    with (
        # Service users must be able to reach what root deploys from.
        tempfile.TemporaryDirectory(prefix="aerodrome-lab-", dir="/var/lib") as folder,
        deployed(SOURCE, Path(folder), prepare, more) as control,
    ):
        yield Workers(control, lab)


@pytest.fixture(scope="session")
def watching(workers: Workers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has looked at every host since before anything happens to one."""
    with prometheus(workers.hosts.values(), tmp_path_factory.mktemp("prometheus")) as found:
        yield found


@pytest.fixture(scope="session")
def away(workers: Workers, watching: Prometheus) -> Iterator[Outage]:
    """Two hosts away for two minutes, from the first test that asks for it."""
    with outage(workers) as found:
        yield found


@pytest.fixture(scope="session")
def back(away: Outage) -> Outage:
    """The same, once both hosts are back."""
    away.wait()
    return away


@pytest.fixture(scope="session")
def killed(workers: Workers) -> losses.Loss:
    """A run that lost its worker, which was killed."""
    return losses.killed(workers)


@pytest.fixture(scope="session")
def crashed(workers: Workers, killed: losses.Loss) -> losses.Loss:
    """A run that lost its host, which had no power for a moment; a test before has seen it come back from *killed*."""
    return losses.crashed(workers)
