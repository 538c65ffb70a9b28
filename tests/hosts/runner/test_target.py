"""Hosts as a target, by the real Ansible on stand-ins: this machine, with a stamp for each."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from aerodrome.targets.host_state import WantedHost
from aerodrome.targets.hosts import HostsTarget, Settings

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
        managed: [{files: ["{{ aerodrome_state_path }}.managed"]}]
        path: "{{ aerodrome_state_path }}"
"""
# Where nothing listens.
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}


class Fleet:
    """Stand-ins for hosts; *asked* is for whom secrets were asked, and which of them held a login."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.folder = folder
        self.content = folder / "ansible"
        shutil.copytree(repository / "ansible", self.content, ignore=shutil.ignore_patterns("roles"))
        for name in ("workers", "upgrade"):
            (self.content / "playbooks" / f"{name}.yml").write_text(SET_UP)
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
    assert told["two"].message == "it runs no SSH server at that address and port"
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


def test_what_fails_on_two_batches_is_not_tried_on_the_rest(fleet: Fleet) -> None:
    """A mistake in a role would take one worker after another."""
    hosts = [fleet.host(f"h{number}", broken=True) for number in range(3)]
    target = fleet.target(*hosts)
    target.changes()
    target._in_batches([host.name for host in hosts], fleet.said.append)
    assert "disk is full" in target.failures["h1"].message
    assert "left as it is: two batches failed at Install what is needed" in target.failures["h2"].message


def test_a_wrong_clock_is_told(fleet: Fleet) -> None:
    """Tokens and tickets would be refused, each with words of its own."""
    check = fleet.content / "playbooks/check.yml"
    check.write_text(check.read_text().replace("now().timestamp()", "now().timestamp() + 3600"))
    (problem,) = fleet.apply(fleet.host("one")).problems
    # The way there takes its time.
    assert re.search(r"its clock is 3[56]\d\d s behind this machine's", problem.message)
