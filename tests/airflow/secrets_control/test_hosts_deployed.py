"""A deploy to a cluster brings its hosts, with this machine in their place, which is only stamped."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import stamping
from aerodrome.bundle import publish
from aerodrome.bundle_settings import BundleSettings
from aerodrome.clients.git import BareRepository
from aerodrome.errors import HeldError
from aerodrome.hosts.inventory import Inventory
from aerodrome.kubernetes.hosts import alone_with_hosts
from aerodrome.kubernetes.hosts_behind import HostsBehind
from aerodrome.kubernetes.hosts_target import DeployedHosts, HostAccessTarget
from aerodrome.kubernetes.preparation import Preparation
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.pipeline import Build
from aerodrome.plan import OBSERVE
from aerodrome.targets import host_materials
from aerodrome.targets.host_commands import Hosts
from aerodrome.targets.host_materials import Source
from aerodrome.targets.host_state import WantedHost
from aerodrome.targets.hosts import Settings
from hosts_of_cluster_place import PLACE, TENANTS, USER, Place

STAMP = stamping.PLAY + stamping.TASKS
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
Deployed = Callable[..., DeployedHosts]


@pytest.fixture
def deployed(place: Place, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """Return the target of hosts as a deploy makes it anew; *more*: host → variables of it."""
    content = tmp_path / "ansible"
    shutil.copytree(repository / "ansible", content, ignore=shutil.ignore_patterns("roles"))
    (content / "playbooks/workers.yml").write_text(STAMP)
    state = content / "library/aerodrome_state.py"
    state.write_text(state.read_text().replace("/etc/aerodrome/secrets/secret_id", str(tmp_path / "login")))
    monkeypatch.setattr(host_materials, "packages", lambda *_: {})
    access = place.access
    inventory = Inventory("hosts.yml", tuple(access.hosts))
    lock = partial(alone_with_hosts, access.record.cluster, access.environment)

    def made(**more: Any) -> DeployedHosts:
        wanted = tuple(_wanted(tmp_path, name, more.get(name, {})) for name in ("h1", "h2"))
        source = Source(access.root, access.environment, TENANTS)
        return DeployedHosts(
            Hosts(source, inventory, wanted, Settings(PLACE, content, room={}), access, lock), access
        )

    return made


def _wanted(folder: Path, name: str, more: dict[str, Any]) -> WantedHost:
    here = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_become": False,
    }
    own = {"aerodrome_state_path": str(folder / f"{name}.json"), "login": str(folder / "login")}
    return WantedHost(
        name,
        f"hosts.yml:{name[1]}:1",
        "onprem",
        ("onprem",),
        {**here, **own, **more},
        {},
        (),
        {"node_base": "1"},
    )


def _brought(target: DeployedHosts) -> list[str]:
    """Return what differs, brought about."""
    changes = target.changes()
    target.apply(changes, lambda _: None)
    return [f"{change.action} {change.name}" for change in changes]


def test_a_deploy_sets_hosts_up_and_the_next_one_finds_nothing(place: Place, deployed: Deployed) -> None:
    """They are let in with it, and known by what is stamped on them."""
    assert _brought(deployed()) == ["create h1", "create h2"]
    assert set(place.access.record.read().hosts) == {"h1", "h2"}
    again = deployed()
    assert _brought(again) == [] and again.problems == () == again.notes


def test_a_host_that_is_away_is_told_and_the_other_one_done(deployed: Deployed) -> None:
    """At its place in the inventory; the next deploy mends it."""
    target = deployed(h2=AWAY)
    assert _brought(target) == ["create h1"]
    (problem,) = target.problems
    assert (problem.file, problem.line, problem.field) == ("hosts.yml", 2, "h2") and problem.remedy
    assert _brought(deployed()) == ["create h2"]


def test_a_host_whose_user_the_broker_lost_is_named(place: Place, deployed: Deployed) -> None:
    """And let in as it was, before hosts have their turn."""
    _brought(deployed())
    with place.access.broker() as broker:
        assert broker is not None and broker.delete_user(USER)
    (change,) = deployed().changes()
    assert change.name == "h1" and "login to the broker refused" in change.why
    rights = HostAccessTarget(place.access)
    assert [each.what for each in rights.changes()] == [f"broker user {USER}"]
    rights.apply(rights.changes(), lambda _: None)
    assert rights.changes() == () == deployed().changes()


def test_a_host_that_the_inventory_names_no_more_is_shut_out(place: Place, deployed: Deployed) -> None:
    """By its name, as everything that is taken away."""
    _brought(deployed())
    rights = HostAccessTarget(place.named(*place.access.hosts[1:]))
    (change,) = rights.changes()
    assert (change.action, change.what, change.owner) == ("delete", "access of host h1", "h1")
    rights.apply((change,), lambda _: None)
    assert set(place.access.record.read().hosts) == {"h2"} and rights.changes() == ()


def test_before_there_is_a_broker_no_host_is_asked(place: Place, deployed: Deployed) -> None:
    """A plan says so, and a deploy looks when the release runs."""
    target = deployed(h1=AWAY, h2=AWAY)
    target.access = place.without_broker()
    (change,) = target.changes()
    assert change.action == OBSERVE and target.problems == ()
    assert HostAccessTarget(place.without_broker()).changes() == ()


def test_while_somebody_works_on_the_hosts_they_alone_are_left_out(place: Place, deployed: Deployed) -> None:
    """A drain may take hours; nobody waits for it."""
    target = deployed()
    with alone_with_hosts(place.access.record.cluster, place.access.environment):
        _brought(target)
        with pytest.raises(HeldError), deployed().hosts.alone():
            pytest.fail("let in")
    (problem,) = target.problems
    assert "deploys here since" in problem.message and place.access.record.read().hosts == {}


@pytest.fixture
def behind(place: Place, tmp_path: Path) -> Callable[[DeployedHosts], HostsBehind]:
    """Return what comes between hosts and DAGs, where alpha was published with its queue."""
    central = tmp_path / "central.git"
    BareRepository(central).create()
    publish(central, {"alpha/daily.py": "a = 1\n", "alpha/policy.json": _policy("onprem")}, source="tests")
    environment = place.access.environment.model_copy(
        update={"bundle": BundleSettings(repository=str(central))}
    )
    loaded = tuple(LoadedTenant(name, f"tenants/{name}", model, ()) for name, model in TENANTS.items())

    def made(hosts: DeployedHosts) -> HostsBehind:
        images: Any = None
        prepared = Preparation(tmp_path, environment, Build(()), loaded, images)
        return HostsBehind(prepared, hosts, place.access)

    return made


def _policy(*queues: str) -> str:
    limits = {"shared": False, "personal_data": False, "triggerer": False, "pods_of": None}
    empty = ("reserved_queues", "variables", "forbidden_operators", "triggered_dags", "channels")
    lists: dict[str, Any] = {key: [] for key in empty}
    numbers = {"parallelism": 1, "active_runs": 1, "retries": 1, "execution_timeout": 60.0}
    named = {
        "tenant": "alpha",
        "environment": PLACE,
        "owner": "Team",
        "pools": {},
        "connections": {},
        "channels": [],
    }
    return json.dumps({**named, **numbers, **lists, "queues": dict.fromkeys(queues, limits)})


Behind = Callable[[DeployedHosts], HostsBehind]


def test_a_host_that_is_away_changes_nothing_while_nothing_new_is_wanted(
    deployed: Deployed, behind: Behind
) -> None:
    """It comes back and takes tasks as before."""
    _brought(deployed())
    hosts = deployed(h2=AWAY)
    hosts.changes()
    assert behind(hosts).changes() == () and behind(hosts).problems == ()


def test_a_tenant_waits_for_a_host_that_takes_its_tasks(
    place: Place, deployed: Deployed, behind: Behind
) -> None:
    """And lacks what its new DAGs want: another queue than it was published with."""
    _brought(deployed())
    hosts = deployed(h2=AWAY)
    hosts.changes()
    found = _with_another_queue(behind(hosts))
    worker = place.worker(place.access.credentials(["h2"])["h2"].broker_url)
    assert worker.ping() and found.changes() == ()
    (problem,) = found.problems
    assert found.kept_back == {"alpha": ["h2"]} and "h2 takes its tasks, and lacks" in problem.message


def test_one_that_takes_none_is_shut_out_until_it_is_set_up(
    place: Place, deployed: Deployed, behind: Behind
) -> None:
    """It keeps nobody waiting."""
    _brought(deployed())
    hosts = deployed(h2=AWAY)
    hosts.changes()
    found = _with_another_queue(behind(hosts))
    (change,) = found.changes()
    assert change.what == "broker user of h2" and found.problems == ()
    found.apply((change,), lambda _: None)
    assert found.changes() == () and set(place.access.record.read().at_broker) == {"h1"}


def _with_another_queue(found: HostsBehind) -> HostsBehind:
    """Have alpha published with the queue `default` alone: what it has on hosts is new."""
    central = found.prepared.root / "central.git"
    publish(central, {"alpha/daily.py": "a = 2\n", "alpha/policy.json": _policy("default")}, source="tests")
    return found
