"""The role node_base on a host that is not as it should be: one sentence that helps, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fleet.host import Host
from fleet.playing import Played

Playbook = Callable[..., Played]
USER = {"node_base_worker_user": "aerodrome-onprem", "node_base_manage_sysctls": False}

LOADED = "/run/aerodrome-firewall.sum"
UNDO = "aerodrome-firewall-undo"
OTHER = (
    "table inet other { chain in { type filter hook input priority 0; tcp dport 22 ct state new drop; }; }"
)


@pytest.fixture(scope="module")
def host(start_host: Callable[..., Host]) -> Host:
    """A plain host."""
    return start_host("plain")


def test_rules_that_shut_out_whoever_writes_them_are_refused(host: Host, playbook: Playbook) -> None:
    """Before anything is changed."""
    played = playbook(host, "node_base", {**USER, "node_base_ssh_from": ["192.0.2.0/24"]})
    assert played.code and "which the firewall would refuse. Add that network" in played.text
    assert (
        played.changed == 0
        and host.run("getent", "passwd", USER["node_base_worker_user"], check=False).returncode
    )


def test_rules_that_nobody_comes_through_are_taken_back(host: Host, playbook: Playbook) -> None:
    """By the host itself, as nobody else can reach it."""
    host.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "nftables")
    # As soon as the rules are loaded something else drops new connections.
    host.run(
        "systemd-run",
        "--unit=other",
        "sh",
        "-c",
        f"until [ -e {LOADED} ]; do sleep 0.05; done; nft '{OTHER}'",
    )
    played = playbook(host, "node_base", {**USER, "node_base_firewall_patience": 20})
    assert played.code and "No new SSH connection comes through the firewall" in played.text
    host.wait_for("! nft list table inet aerodrome | grep -q 'hook input'")
    host.run("nft", "delete", "table", "inet", "other")
    assert host.ssh("true").returncode == 0


def test_the_timer_of_a_run_that_was_killed_takes_nothing_back(host: Host, playbook: Playbook) -> None:
    """The next run comes through the rules in its place, whether they are the same ones or not."""
    assert playbook(host, "node_base", USER).code == 0
    for variables in (USER, {**USER, "node_base_ssh_ports": [22, 2222]}):
        host.run("systemd-run", "--collect", f"--unit={UNDO}", "--on-active=1h", "true")
        assert playbook(host, "node_base", variables).code == 0
        assert host.run("systemctl", "is-active", f"{UNDO}.timer", check=False).stdout == "inactive\n"
        assert "policy drop" in host.run("nft", "list", "table", "inet", "aerodrome").stdout
        assert playbook(host, "node_base", variables).changed == 0


def test_a_second_run_changes_nothing(host: Host, playbook: Playbook) -> None:
    """Also over a reboot, after which the firewall is in force."""
    assert playbook(host, "node_base", USER).code == 0
    host.reboot()
    assert "policy drop" in host.run("nft", "list", "table", "inet", "aerodrome").stdout
    assert playbook(host, "node_base", USER).changed == 0
    assert playbook(host, "node_base", {**USER, "node_base_firewall": False}).code == 0
    assert host.run("nft", "list", "ruleset").stdout == ""
