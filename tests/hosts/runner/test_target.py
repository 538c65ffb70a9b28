"""Hosts as a target, by the real Ansible on stand-ins: this machine, with a stamp for each."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.hosts.credentials import BROKER, Standing
from aerodrome.targets.host_state import WantedHost, must_drain
from aerodrome.targets.hosts import TENANTS_FAILED, HostsTarget, Settings

UNIT = "aerodrome-worker@q.service"
# What the roles do is their own tests' business: these only fail where they are told to, and stamp the host.
SET_UP = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Install what is needed
      ansible.builtin.fail: {msg: No space left on device}
      when: broken | default(false)
    - name: Stamp the host
      aerodrome_state:
        action: write
        environment: "{{ aerodrome_environment }}"
        host: "{{ aerodrome_host }}"
        zone: "{{ aerodrome_zone }}"
        digest: "{{ aerodrome_state_digest }}"
        parts: "{{ aerodrome_parts }}"
        unfinished: "{{ ['tenant_runtime', 'tenant beta'] if __tenant_runtime_failed is defined else [] }}"
        managed: [{files: ["{{ aerodrome_state_path }}.managed"]}]
        path: "{{ aerodrome_state_path }}"
    - name: Name failed tenants
      ansible.builtin.include_role: {name: tenant_runtime, tasks_from: told}
"""
BROKEN = {"__tenant_runtime_failed": {"beta": "tenants/beta: no"}}
# Where nothing listens.
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}


class Fleet:
    """Stand-ins for hosts; *asked* is for whom secrets were asked, and which of them held a login."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.folder = folder
        self.content = folder / "ansible"
        shutil.copytree(repository / "ansible", self.content, ignore=shutil.ignore_patterns("roles"))
        (self.content / "playbooks/workers.yml").write_text(SET_UP)
        told = "roles/tenant_runtime/tasks/told.yml"
        (self.content / told).parent.mkdir(parents=True)
        (self.content / told).write_text((repository / "ansible" / told).read_text())
        self.asked: list[tuple[str, ...]] = []
        self.said: list[str] = []

    def host(self, name: str, part: str = "1", **more: Any) -> WantedHost:
        """Return a stand-in; *part* is the digest of its one role."""
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        place = {"ansible_become": False, "aerodrome_state_path": str(self.folder / f"{name}.json")}
        return WantedHost(
            name,
            f"hosts.yml:{len(name)}:5",
            "onprem",
            ("q",),
            {**local, **place, **more},
            {},
            (),
            {"node_base": part},
        )

    def target(self, *hosts: WantedHost, **options: Any) -> HostsTarget:
        """Return the target of *hosts*."""
        return HostsTarget(
            hosts, Settings("lab", self.content, room={}), self.secrets, lambda _: {}, **options
        )

    def secrets(self, names: Sequence[str], _: object, __: bool) -> Mapping[str, Mapping[str, str]]:
        """Return nothing for every host."""
        self.asked.append(tuple(names))
        return {}

    def apply(self, *hosts: WantedHost, **options: Any) -> HostsTarget:
        """Bring *hosts* to their state, and return the target."""
        target = self.target(*hosts, **options)
        if changes := target.changes():
            target.apply(changes, self.said.append)
        return target


@pytest.fixture
def fleet(tmp_path: Path, repository: Path) -> Fleet:
    """No host yet."""
    return Fleet(tmp_path, repository)


def test_a_second_run_changes_nothing_and_drift_is_seen(fleet: Fleet) -> None:
    """Somebody's own edit on the host is a change again."""
    managed = Path(fleet.folder, "one.json.managed")
    managed.write_text("x")
    assert not fleet.apply(fleet.host("one"), fleet.host("two")).problems
    assert fleet.asked == [("one", "two")]
    assert fleet.target(fleet.host("one"), fleet.host("two")).changes() == ()
    managed.write_text("y")
    (change,) = fleet.target(fleet.host("one"), fleet.host("two")).changes()
    assert change.name == "one" and f"{managed} has another content" in change.why


def test_check_says_what_would_be_and_changes_nothing(fleet: Fleet) -> None:
    """A host that was never set up has nothing that its roles could look at."""
    fleet.apply(fleet.host("one"))
    before = Path(fleet.folder, "one.json").read_text()
    fleet.said.clear()
    target = fleet.apply(fleet.host("one", part="2"), fleet.host("two"), check=True)
    assert fleet.said == ["one: would Stamp the host"] and not target.problems and fleet.asked[-1] == ("one",)
    assert (
        Path(fleet.folder, "one.json").read_text() == before and not Path(fleet.folder, "two.json").exists()
    )


def test_a_host_that_is_away_is_told_and_the_others_are_done(fleet: Fleet) -> None:
    """The next run does what is missing."""
    target = fleet.apply(fleet.host("one"), fleet.host("two", **AWAY), fleet.host("three", broken=True))
    told = {problem.field: problem for problem in target.problems}
    assert set(told) == {"two", "three"} and all(problem.fault for problem in told.values())
    # Ansible does not always hear that it is the former.
    refused = ("it runs no SSH server at that address and port", "no connection to it came about by SSH")
    assert told["two"].message in refused
    assert told["three"].message == "Install what is needed: its disk is full"
    mended = fleet.apply(fleet.host("one"), fleet.host("two"), fleet.host("three"))
    assert not mended.problems and fleet.asked[-1] == ("two", "three")


@pytest.mark.parametrize(
    ("stamp", "told", "remedy"),
    [
        ('{"environment": "prod"}', "it is 'one' of the environment 'prod' already", "ENV=prod"),
        ('{"environment": "lab", "host": "h9"}', "it is 'h9' of the environment 'lab' already", "LIMIT=h9"),
        (
            '{"environment": "lab", "zone": "pii"}',
            "it was set up for the zone 'pii'",
            "make remove ENV=lab LIMIT=one",
        ),
    ],
)
def test_a_machine_that_is_somebody_elses_is_not_touched(
    fleet: Fleet, stamp: str, told: str, remedy: str
) -> None:
    """Its stamp says of which environment, host and zone it is."""
    Path(fleet.folder, "one.json").write_text(stamp)
    (problem,) = fleet.apply(fleet.host("one")).problems
    assert told in problem.message and remedy in problem.remedy and not fleet.asked


def test_busy_hosts_are_drained_and_changed_one_after_the_other(fleet: Fleet) -> None:
    """After those that nobody's task runs on; none is drained before the one before it is changed."""
    target = fleet.target(*map(fleet.host, ("one", "two", "idle")))
    changes = target.changes()
    for name in ("one", "two"):
        target.found[name] = replace(target.found[name], busy=(UNIT,))
    target.apply(changes, fleet.said.append)
    told = [line.partition(", then")[0] for line in fleet.said]
    assert told == [
        "idle: Stamp the host",
        *("one: draining", "one: Stamp the host"),
        *("two: draining", "two: Stamp the host"),
    ]
    assert not target.problems and fleet.asked == [("idle",), ("one",), ("two",)]


def test_a_host_that_goes_away_while_it_drains_is_told_with_its_workers(fleet: Fleet) -> None:
    """They end with their last task, and nobody starts them again."""
    fleet.apply(fleet.host("one"))
    target = fleet.target(fleet.host("one", part="2"))
    target.changes()
    target.hosts = [fleet.host("one", part="2", **AWAY)]
    target._in_batches(["one"], fleet.said.append)
    failure = target.failures["one"]
    assert failure.unreachable and failure.message.endswith("; its workers may be stopped")
    assert failure.remedy.endswith("`make workers ENV=lab LIMIT=one` takes the host back")


def test_hosts_that_were_drained_for_nothing_go_on(fleet: Fleet) -> None:
    """Where a login cannot be made then; how their workers are is told, and why nothing else was done."""

    def secrets(*_: object) -> Mapping[str, Mapping[str, str]]:
        raise AerodromeError("the secrets store is sealed", "unseal it")

    fleet.apply(fleet.host("one"))
    settings = Settings("lab", fleet.content, room={})
    target = HostsTarget([fleet.host("one", part="2")], settings, secrets, lambda _: {})
    target.changes()
    with pytest.raises(AerodromeError, match="is sealed"):
        target._in_batches(["one"], fleet.said.append)
    assert fleet.said[-1] == "one: the secrets store is sealed"


def test_what_fails_on_two_batches_is_not_tried_on_the_rest(fleet: Fleet) -> None:
    """A mistake in a role would take one worker after another."""
    hosts = [fleet.host(f"h{number}", broken=True) for number in range(3)]
    target = fleet.target(*hosts)
    target.changes()
    target._in_batches([host.name for host in hosts], fleet.said.append)
    assert "disk is full" in target.failures["h1"].message
    assert "left as it is: two batches failed at Install what is needed" in target.failures["h2"].message


def test_a_tenant_that_fails_on_every_host_keeps_none_from_being_changed(fleet: Fleet) -> None:
    """All else is done on each of them."""
    hosts = [fleet.host(f"h{number}", **BROKEN) for number in range(3)]
    back: list[str] = []
    target = fleet.target(*hosts, step_back=back.extend)
    target.changes()
    target._in_batches([host.name for host in hosts], fleet.said.append)
    assert {failure.where for failure in target.failures.values()} == {TENANTS_FAILED}
    assert target.failures["h2"].message.startswith("tenants/beta: no")
    assert back == []


def test_a_tenant_that_stays_broken_drains_nobody_at_each_run(fleet: Fleet) -> None:
    """Its environment is all that is tried again, whatever was changed when it failed first."""
    beta = {"tenant_runtime": "1", "tenant beta": "1"}
    fleet.apply(replace(fleet.host("one"), parts={"node_base": "1", **beta}))
    host = replace(fleet.host("one", **BROKEN), parts={"node_base": "2", **beta})
    for _ in range(2):
        assert fleet.apply(host).failures["one"].where == TENANTS_FAILED
    target = fleet.target(host)
    (change,) = target.changes()
    assert change.why.endswith(": tenant beta, tenant_runtime")
    assert not must_drain(host, replace(target.found["one"], busy=(UNIT,)))
    mended = replace(host, connection=fleet.host("one").connection)
    assert not fleet.apply(mended).problems and fleet.target(mended).changes() == ()


def test_logins_are_made_when_the_workers_have_ended(fleet: Fleet) -> None:
    """And stamped as they are then; a second look finds nothing to do."""
    state = {"mark": "before"}

    def secrets(names: Sequence[str], *_: object) -> Mapping[str, Mapping[str, str]]:
        told = [line for line in fleet.said if "draining" in line]
        state["mark"] = f"after {len(told)}"
        return {}

    def standings(names: Sequence[str]) -> Mapping[str, Standing]:
        return {name: Standing({BROKER: state["mark"]}) for name in names}

    settings = Settings("lab", fleet.content, room={})
    target = HostsTarget([fleet.host("one")], settings, secrets, lambda _: {}, standings=standings)
    target.changes()
    target._in_batches(["one"], fleet.said.append)
    stamp = json.loads(Path(fleet.folder, "one.json").read_text())
    assert not target.problems and stamp["parts"][BROKER] == "after 1" and target.changes() == ()
    state["mark"] = "another"
    (change,) = target.changes()
    assert change.why.endswith(f": {BROKER}")


def test_a_host_of_another_zone_is_not_even_looked_at(fleet: Fleet) -> None:
    """The others are; what helps is said."""
    why = "it was let in for the zone 'onprem', and the inventory says 'pii' now"
    settings = Settings("lab", fleet.content, room={})
    target = HostsTarget(
        [fleet.host("one"), fleet.host("two")],
        settings,
        fleet.secrets,
        lambda _: {},
        standings=lambda _: {"one": Standing(other_zone=why)},
    )
    target.apply(target.changes(), fleet.said.append)
    (problem,) = target.problems
    assert (problem.field, problem.message) == ("one", why) and fleet.asked == [("two",)]
    assert problem.remedy == "make remove ENV=lab LIMIT=one, then make workers"


def test_a_host_that_fails_gets_its_earlier_rights_back(fleet: Fleet) -> None:
    """The others keep the new ones."""
    back: list[str] = []
    settings = Settings("lab", fleet.content, room={})
    hosts = [fleet.host("one", broken=True), fleet.host("two")]
    target = HostsTarget(hosts, settings, fleet.secrets, lambda _: {}, step_back=back.extend)
    target.apply(target.changes(), fleet.said.append)
    assert back == ["one"]


def test_a_wrong_clock_is_told(fleet: Fleet) -> None:
    """Tokens and tickets would be refused, each with words of its own."""
    check = fleet.content / "playbooks/check.yml"
    check.write_text(check.read_text().replace("now().timestamp()", "now().timestamp() + 3600"))
    (problem,) = fleet.apply(fleet.host("one")).problems
    # The way there takes its time.
    assert re.search(r"its clock is 3[56]\d\d s behind this machine's", problem.message)
