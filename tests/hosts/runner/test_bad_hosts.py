"""Hosts that are not as they should be, by what `make workers` runs on them: one line that helps, nothing half done."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from aerodrome.targets.hosts import STAMP
from fleet.host import Host
from setting_up import SetUp, photograph


@pytest.fixture(scope="module")
def host(start_host: Callable[..., Host]) -> Host:
    """A plain host that these tests break and mend, one after the other."""
    return start_host("hadoop1")


@pytest.fixture(scope="module")
def set_up(host: Host, tmp_path_factory: pytest.TempPathFactory) -> SetUp:
    """Sets the host up, with few packages and two tenants."""
    return SetUp(host, tmp_path_factory.mktemp("sent"))


CUSTOM = "/etc/python3.11/sitecustomize.py"
BROKEN = {
    "sudo": (
        "echo ops:right | chpasswd; mv /etc/sudoers.d/ops /root; "
        "umask 337; echo 'ops ALL=(ALL) ALL' > /etc/sudoers.d/asked",
        "rm /etc/sudoers.d/asked; mv /root/ops /etc/sudoers.d",
        "the sudo password is wrong",
        "run the same command again with the right one",
    ),
    "python": (
        "mv /usr/bin/python3 /root",
        "mv /root/python3 /usr/bin",
        "it has no Python at /usr/bin/python3",
        "apt-get install python3",
    ),
    "clock": (
        f"printf 'import time\\nright = time.time\\ntime.time = lambda: right() - 3600\\n' > {CUSTOM}",
        f"truncate --size=0 {CUSTOM}",
        "its clock is 3",
        "set it (timedatectl",
    ),
    "disk": (
        "mount -t tmpfs -o size=100M none /opt",
        "umount /opt",
        "its disk is full: 100 MiB are free at /opt, 3000 MiB are needed",
        "make room there (df -h",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_seen_at_a_look_is_told_before_anything_is_touched(
    host: Host, set_up: SetUp, what: str
) -> None:
    """The host is left byte for byte as it was."""
    break_it, mend_it, message, remedy = BROKEN[what]
    host.run("sh", "-c", break_it)
    try:
        before = photograph(host)
        problem = set_up.refused(ansible_become_password="no-word-of-a-message" if what == "sudo" else None)
        assert photograph(host) == before
    finally:
        host.run("sh", "-c", mend_it)
    assert message in problem.message and remedy in problem.remedy


def test_a_broken_package_source_changes_nothing(host: Host, set_up: SetUp) -> None:
    """What apt says of it is passed on."""
    before = photograph(host)
    places = "/etc/apt/sources.list /var/lib/apt/lists /var/cache/apt/archives"
    host.run("sh", "-c", f"for place in {places}; do mv $place $place.away; done; rm -f /var/cache/apt/*.bin")
    host.run("mkdir", "-p", "/var/lib/apt/lists/partial", "/var/cache/apt/archives/partial")
    host.write("/etc/apt/sources.list", "deb http://127.0.0.1:9/debian bookworm main\n")
    try:
        problem = set_up.refused()
    finally:
        host.run("sh", "-c", f"for place in {places}; do rm -r $place; mv $place.away $place; done")
    assert "its package sources cannot be read" in problem.message and "apt-get update" in problem.remedy
    assert photograph(host) == before


@pytest.fixture
def small_disk(host: Host) -> Iterator[str]:
    """A place that fills up; it is taken away again, and the host as it was before, whatever was set up there."""
    host.run("mount", "-t", "tmpfs", "-o", "size=40M", "none", "/opt")
    yield "/opt"
    host.run("sh", "-c", f"umount --lazy /opt; rm -f {STAMP}")


def test_a_disk_that_fills_up_meanwhile_leaves_no_half_version(
    host: Host, set_up: SetUp, small_disk: str
) -> None:
    """Nobody could have seen it before. Once there is room the next run ends well, and then nothing is to be done."""
    problem = set_up.refused(room={})
    left = host.run("sh", "-c", "ls -A /opt/aerodrome /opt/aerodrome/versions").stdout
    assert "disk is full" in problem.message and "ake room" in problem.remedy
    assert set_up.VERSION not in left and ".staging" not in left
    host.run("mount", "-o", "remount,size=1G", small_disk)
    again = {"roles": ("node_base", "python_runtime"), "room": {}}
    assert set_up.run(**again) == ()
    assert host.run("readlink", "/opt/aerodrome/current").stdout == f"versions/{set_up.VERSION}\n"
    assert set_up.target(**again).changes() == ()


def test_a_lock_that_does_not_resolve_harms_its_tenant_alone(host: Host, set_up: SetUp) -> None:
    """The other one's environment is there; a second run with the lock mended ends what is left."""
    problem = set_up.refused(tenants=("delta", "beta"), room={})
    assert "tenants/beta" in problem.message and "make lock-tenant TENANT=beta" in problem.message
    assert "run this again" in problem.remedy
    assert host.run("sh", "-c", "ls /var/lib/aerodrome/runtimes/*/*/bin/python").stdout.count("python") == 1
    mended = {"tenants": ("delta",), "roles": ("tenant_runtime",), "room": {}}
    assert set_up.run(**mended) == ()
    assert set_up.target(**mended).changes() == (), "and a third one finds nothing to do"
