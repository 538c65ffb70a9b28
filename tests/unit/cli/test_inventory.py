"""`aerodrome inventory`, and what `aerodrome check` says of hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest

HOSTS = """\
zones: {default: {triggerer: true}, platform: {}, onprem: {workers: hosts}, far: {workers: hosts}}
queues:
  onprem: {zone: onprem, slots: 3}
  far: {zone: far}
  default: {zone: default}
  maintenance: {zone: platform, tenants: false}
hosts: {entrance: {address: 10.0.0.1}, firewall: {ssh_from: [10.0.0.0/24]}}
"""
INVENTORY = "all: {hosts: {one: {ansible_host: 10.0.0.11, queues: [onprem]}}}\n"


@pytest.fixture
def hosted(place: Any) -> Any:
    """A repository whose environment has a host."""
    path = place.root / "environments/local/environment.yaml"
    before, _, after = path.read_text().partition("zones: ")
    path.write_text(before + HOSTS + after[after.index("alert_channels") :])
    place.write("environments/local/inventory/hosts.yml", INVENTORY)
    return place


def test_hosts_are_listed_with_what_is_worked_out(hosted: Any) -> None:
    """And queues that nobody serves are told."""
    done = hosted.run("inventory")
    assert (done.returncode, done.stderr) == (0, "")
    first, note = done.stdout.splitlines()
    assert first.split() == ["one", "10.0.0.11", "zone", "onprem", "queues", "onprem", "(3)"]
    assert note == "note: no host serves the queue 'far': its tasks wait"


def test_programs_get_the_same_as_json(hosted: Any) -> None:
    """With the place of each host in the file."""
    (host,) = json.loads(hosted.run("inventory", "--json").stdout)["hosts"]
    assert (host["name"], host["slots"], host["line"], host["column"]) == ("one", {"onprem": 3}, 1, 15)


def test_check_tells_mistakes_in_hosts_together_with_those_in_tenants(hosted: Any) -> None:
    """All of one run; who checks one tenant has no part in the hosts."""
    hosted.write("environments/local/inventory/hosts.yml", INVENTORY.replace("[onprem]", "[onprme]"))
    hosted.tenant("alpha")
    hosted.dag("alpha", "one", "dag_id: one\nschedule: never\ntasks: [{id: a, uses: flow.empty}]\n")
    done = hosted.run("check")
    assert done.returncode == 2
    place = "environments/local/inventory/hosts.yml:1:55: all.hosts.one.queues[0]: unknown queue 'onprme'"
    assert place in done.stderr and "tenants/alpha/dags/one.yaml:2:11" in done.stderr
    assert "hosts.yml" not in hosted.run("check", "--tenant", "alpha").stderr


def test_an_environment_without_hosts_says_so(place: Any) -> None:
    """Nothing is wrong with it."""
    done = place.run("inventory")
    assert (done.returncode, done.stdout) == (0, "environments/local/inventory/hosts.yml: no hosts\n")
