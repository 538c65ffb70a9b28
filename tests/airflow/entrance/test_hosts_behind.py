"""What a deploy publishes while hosts lack what the new tasks run in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome import names
from aerodrome.bundle import publish
from aerodrome.clients.ansible_failures import HostFailure
from aerodrome.local.machine.lock import alone
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release.hosts_behind import HostsBehind
from aerodrome.local.release.hosts_target import DeployedHosts
from aerodrome.local.release.preparation import Preparation
from aerodrome.pipeline import Build
from aerodrome.runtime.source import RuntimeSource
from aerodrome.targets.bundle import BundleTarget
from aerodrome.targets.host_state import Found, WantedHost
from aerodrome.targets.hosts import TENANTS_FAILED, HostsTarget, Settings
from aerodrome.targets.runtimes import RuntimesTarget
from entrance_place import NAME, Entrance

OLD, NEW = "0123456789abcdef", "fedcba9876543210"
PARTS = {"node_base": "1", "tenant_runtime": "1"}
AWAY = HostFailure("h1", "", "it does not answer", "see whether it runs", unreachable=True)


@dataclass(frozen=True)
class Deploy:
    """A deploy on paper of alpha's code *digest*; of alpha's tasks on hosts OLD is published."""

    entrance: Entrance

    def of(self, digest: str, failure: HostFailure | None = AWAY, found: Found | None = None) -> HostsBehind:
        """Return what comes between hosts and DAGs where h1 failed, and told *found* before."""
        platform = self.entrance.platform
        source = RuntimeSource("alpha", Path("tenants/alpha"), None, (), "", digest)
        runtimes: Any = RuntimesTarget([source], lambda _: None, platform.layout.runtimes)  # type: ignore[arg-type,return-value]
        bundle = BundleTarget(
            platform.layout.bundle, Build(()), frozenset, platform.layout.repository, platform.environment
        )
        host = WantedHost("h1", "hosts.yml:3:5", "onprem", ("onprem",), {}, {}, (), PARTS)
        looked = HostsTarget([host], Settings(NAME, Path("ansible")), lambda *_: {}, lambda _: {})
        looked.failures = {"h1": failure} if failure else {}
        looked.found = {"h1": found} if found else {}
        return HostsBehind(
            Preparation(platform, Build(()), runtimes, bundle), DeployedHosts(platform, looked=looked)
        )


def stamped(runtimes: str, *, drained: bool = False) -> Found:
    """Return a host that was set up with the *runtimes* of now (1) or others."""
    return Found({"parts": {**PARTS, "tenant_runtime": runtimes}}, False, (), drained, True, (), ())


@pytest.fixture
def deploy(entrance: Entrance) -> Iterator[Deploy]:
    """Alpha's DAG of before is published, and alpha was deployed with the queues that it has."""
    layout = entrance.platform.layout
    publish(layout.bundle, {"alpha/daily.py": f"a(runtime='{OLD}')\n"}, source="tests")
    made = Deploy(entrance)
    made.of(OLD).prepared.remember()
    yield made
    for name in ("tenants.json", "environment.json"):
        (layout.config / name).unlink()


def test_new_code_waits_for_a_host_that_takes_its_tasks_and_lacks_it(
    entrance: Entrance, deploy: Deploy
) -> None:
    """The tenant stays as it was published, which is told with what to do."""
    client = entrance.broker(entrance.let_in("h1").broker_url)
    assert client.ping()
    behind = deploy.of(NEW)
    prepared = behind.holding_back()
    assert behind.changes() == () and prepared.bundle.without() == {"alpha"}
    (problem,) = behind.problems
    assert str(problem).splitlines() == [
        "tenants/alpha: stays as it was published: h1 takes its tasks, and lacks what the new ones run in",
        f"    make workers ENV={NAME} LIMIT=h1, then make deploy; make drain or make remove where it cannot be set up",
    ]
    client.close()


@pytest.mark.parametrize(
    ("digest", "failure", "found"),
    [
        (OLD, AWAY, None),
        (NEW, AWAY, stamped("1")),
        (NEW, AWAY, stamped("0", drained=True)),
        (NEW, None, stamped("0")),
        (NEW, HostFailure("h1", TENANTS_FAILED, "tenants/beta: no such package", ""), stamped("0")),
    ],
    ids=[
        "the same code",
        "it has it already",
        "it takes no task",
        "it was set up",
        "only another tenant's failed",
    ],
)
def test_nobody_waits_for_a_host_that_is_no_danger(
    entrance: Entrance, deploy: Deploy, digest: str, failure: HostFailure | None, found: Found | None
) -> None:
    """Whether it is connected or not."""
    client = entrance.broker(entrance.let_in("h1").broker_url)
    for connected in (True, False):
        assert not connected or client.ping()
        behind = deploy.of(digest, failure, found)
        assert behind.changes() == () == behind.problems and behind.holding_back().bundle.without() == set()
        client.close()


def test_a_host_that_is_away_is_shut_out_and_keeps_nobody_waiting(entrance: Entrance, deploy: Deploy) -> None:
    """When it is back it gets no task until `make workers` has set it up."""
    entrance.let_in("h1")
    behind = deploy.of(NEW)
    (change,) = behind.changes()
    assert (change.what, change.risk) == ("broker user of h1", "access") and not behind.problems
    assert change.why == (
        "it is away and lacks what new DAGs of alpha run in: shut out until `make workers` sets it up"
    )
    assert behind.holding_back().bundle.without() == set()
    behind.apply([change], lambda _: None)
    assert names.host_user("h1") not in broker_access(entrance.platform).users()
    assert behind.changes() == (), "once is enough"


def test_hosts_that_somebody_works_on_are_left_out_of_the_deploy_and_told(
    entrance: Entrance, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who it is; what is pending there may be lacking."""
    client = entrance.broker(entrance.let_in("h1").broker_url)
    assert client.ping()
    behind = deploy.of(NEW, None, stamped("0"))
    repository = Path(__file__).resolve().parents[3]
    for name in ("ansible", "bootstrap.lock"):
        if not (place := entrance.platform.layout.repository / name).exists():
            place.symlink_to(repository / name)
    hosts = replace(behind.hosts, pending=("h1",))
    state = entrance.platform.layout.state
    with alone(state.with_name(f"{state.name}.hosts.lock"), f"the hosts of {NAME}"):
        hosts.apply((), lambda _: None)
    (problem,) = hosts.problems
    assert problem.message.startswith(f"another command works on the hosts of {NAME}: process ")
    assert problem.remedy == "wait for it, or end it" and problem.file.endswith("inventory/hosts.yml")
    assert replace(behind, hosts=hosts).changes() == () and hosts.lacking == ("h1",)
    client.close()
