"""Test hosts themselves: what tests of workers may rely on."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from fleet.host import Host
from fleet.image import packages
from fleet.owner import ENVIRONMENT, sweep
from fleet.podman import process


@pytest.fixture(scope="module")
def host(start_host: Callable[..., Host]) -> Host:
    """A plain host."""
    return start_host("plain")


def test_it_is_up_with_every_service_and_an_address(host: Host) -> None:
    """Reached by SSH as somebody who may become root."""
    assert host.run("systemctl", "is-system-running").stdout.strip() == "running"
    assert host.ssh("sudo", "-n", "id", "-u").stdout.strip() == "0"


def test_what_is_written_survives_a_reboot_and_a_crash(host: Host) -> None:
    """What lies in /run does not; the address stays."""
    host.write("/srv/kept", "kept\n")
    for again in (host.reboot, host.crash):
        host.write("/run/gone", "gone\n")
        again()
        assert host.read("/srv/kept") == "kept\n" and host.run("ls", "/run/gone", check=False).returncode
    assert host.ssh("true").returncode == 0


def test_it_can_be_cut_off_and_comes_back(host: Host) -> None:
    """In both directions, with the way out."""
    host.cut()
    assert host.run("ip", "route").stdout.strip() == "" and host.ssh("true").returncode == 255
    host.mend()
    assert host.ssh("true").returncode == 0
    assert f"default via {host.network.gateway}" in host.run("ip", "route").stdout


def test_limits_of_memory_are_enforced(host: Host) -> None:
    """As on a machine: what takes more is ended."""
    limited = ("systemd-run", "--quiet", "--wait", "-p", "MemoryMax=32M", "-p", "MemorySwapMax=0")
    assert host.run(*limited, "python3", "-c", "bytearray(100 << 20)", check=False).returncode


def test_apt_knows_what_can_be_installed_without_a_network_and_nothing_else(host: Host) -> None:
    """With all of Debian each call of it takes a second or two."""
    install = ("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "--no-download")
    known = set(host.run("apt-cache", "pkgnames").stdout.split())
    assert {"chrony", "openssh-server"} < known and "cowsay" not in known
    assert host.run(*install, "--simulate", *packages("packages.txt")).returncode == 0


def test_what_ansible_sends_is_compiled_once_and_anew_where_it_differs(host: Host) -> None:
    """A zip file of modules, as Ansible's are, with what no run before this one has sent."""
    write = r"printf 'own = %s\nprint(own, __file__)' $0 > sent.py"
    pack = f"cd /tmp && rm -f a.zip && {write} && python3 -m zipfile -c a.zip sent.py"
    program = "import kept_modules as k, sys; k.compiled = k.compiled if sys.argv[1:] else None; import sent"
    run = f"cd / && PYTHONPATH=/tmp/a.zip python3 -c '{program}' $1"

    def said(text: str, *may: str) -> str:
        return host.run("sh", "-c", f"{pack} && {run}", text, *may, check=False).stdout.strip()

    one, other = (uuid4().int for _ in range(2))
    found = [said(f"{one}"), said(f"{one}", "compile"), said(f"{one}"), said(f"{other}")]
    assert found == ["", f"{one} /tmp/a.zip/sent.py", f"{one} /tmp/a.zip/sent.py", ""]
    assert host.run("stat", "-c", "%U %a", "/var/cache/kept-modules").stdout == "root 700\n"


def test_hosts_of_a_killed_run_are_removed_by_the_next(
    start_host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else could."""
    monkeypatch.setenv(ENVIRONMENT, "999999999-1")
    left = start_host("left")
    sweep()
    assert process("container", "exists", left.container).returncode == 1
