"""`make remove` ends what a host may do, at once. The last file: what it removes is not set up again."""

from __future__ import annotations

import pytest
from control import guide
from control.workers import Workers
from fleet import lab
from fleet.podman import podman

ASK = (
    "import os, redis, sys; url = sys.stdin.read().strip(); "
    "print(redis.Redis.from_url(url, socket_timeout=5).llen('onprem'))"
)
PLACES = (
    *("/etc/aerodrome", "/opt/aerodrome", "/var/lib/aerodrome", "/var/log/aerodrome", "/run/aerodrome*"),
    *("/etc/nftables.d/aerodrome*", "/etc/systemd/system/aerodrome-*", "/etc/tmpfiles.d/aerodrome*"),
    "/etc/systemd/journald.conf.d/*aerodrome*",
)
# What of the platform is on a host → how it is found.
THERE = {
    **{place: f"ls -d {place}" for place in PLACES},
    "user of the tenant": "getent passwd | grep ^_mill:",
    "user of the platform": "getent passwd | grep ^aerodrome-",
    "unit": "systemctl list-units --all --plain --no-legend 'aerodrome-*' | grep .",
    "file of a unit": "systemctl list-unit-files --no-legend 'aerodrome-*' | grep .",
    "firewall": "nft list tables | grep aerodrome",
    "exporter with our settings": "systemctl is-active prometheus-node-exporter",
}
LOOK = "".join(f"if {look}; then echo 'there: {what}'; fi\n" for what, look in THERE.items())
PYTHON = "/opt/aerodrome/current/bin/python"


@pytest.fixture(scope="module")
def before(workers: Workers) -> list[str]:
    """What was on the host before it was removed."""
    return _found(workers)


def _found(workers: Workers) -> list[str]:
    lines = workers.hosts["hadoop2"].run("sh", "-c", LOOK).stdout.splitlines()
    return [line.removeprefix("there: ") for line in lines if line.startswith("there: ")]


def test_the_credentials_of_a_removed_host_open_nothing(workers: Workers, before: list[str]) -> None:
    """The broker refuses its password at once, also a copy that somebody made before."""
    host = workers.hosts["hadoop2"]
    url = host.read("/etc/aerodrome/secrets/broker-url")
    asking = workers.hosts["hadoop1"]
    assert asking.run(PYTHON, "-I", "-c", ASK, text=url, check=False).returncode == 0
    workers.control.shell(guide.typed("make remove ENV=lab LIMIT=hadoop2"), text="y\n")
    refused = asking.run(PYTHON, "-I", "-c", ASK, text=url, check=False)
    assert "AuthenticationError: invalid username-password pair or user is disabled" in refused.stderr


def test_nothing_of_the_platform_is_left_on_it(workers: Workers, before: list[str]) -> None:
    """Neither files nor units nor users, nor rules of the firewall: of each there was something before."""
    assert before == list(THERE) and _found(workers) == []


def test_a_host_that_was_stopped_is_the_same_one_afterwards(workers: Workers) -> None:
    """As after a restart of the machine: `make hosts` starts it again, and waits for it."""
    host = workers.hosts["hadoop2"]
    host.write("/srv/kept", "kept\n")
    podman("stop", "--time=60", host.container)
    assert {one.name: one for one in lab.up()}[host.name].read("/srv/kept") == "kept\n"
