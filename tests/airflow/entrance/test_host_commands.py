"""What the commands of operations do on one host with real logins: this machine in its place, which is only stamped."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
import stamping
from aerodrome.cli import show_hosts
from aerodrome.cli.program import commands as command_line
from aerodrome.errors import HeldError, UserError
from aerodrome.hosts.credentials import STORE
from aerodrome.hosts.inventory import load_inventory
from aerodrome.local.release import hosts as commands
from aerodrome.local.stores import openbao
from aerodrome.names import host_role
from aerodrome.targets import host_materials
from aerodrome.targets.host_commands import Hosts
from aerodrome.targets.host_state import WantedHost
from aerodrome.targets.hosts import Settings
from entrance_place import NAME, Entrance
from typer.testing import CliRunner

STAMP = stamping.PLAY + stamping.FAILS + stamping.TASKS

# In the place of a drain: says what it was told, and changes nothing.
DRAIN = """\
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.fail:
        msg: "looks {{ aerodrome_drain_looks }}, every {{ aerodrome_drain_every }} s, stays {{ aerodrome_drain_mark }}"
"""


@pytest.fixture
def hosts(entrance: Entrance, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the command on h1; *more* are variables of it."""
    content = tmp_path / "ansible"
    shutil.copytree(repository / "ansible", content, ignore=shutil.ignore_patterns("roles"))
    (content / "playbooks/workers.yml").write_text(STAMP)
    (content / "playbooks/drain.yml").write_text(DRAIN)
    # What says whether there is a login on the host; nothing else of it is on this machine.
    state = content / "library/aerodrome_state.py"
    state.write_text(state.read_text().replace("/etc/aerodrome/secrets/secret_id", str(tmp_path / "login")))
    monkeypatch.setattr(host_materials, "packages", lambda *_: {})
    inventory = load_inventory(entrance.platform.layout.repository, entrance.platform.environment)
    reach = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_become": False,
    }
    own = {"aerodrome_state_path": str(tmp_path / "stamp.json"), "login": str(tmp_path / "login")}

    def made(**more: Any) -> Hosts:
        host = WantedHost(
            "h1", "hosts.yml:3:5", "onprem", ("onprem",), {**reach, **own, **more}, {}, (), {"node_base": "1"}
        )
        settings = Settings(NAME, content, room={})
        lock = partial(commands.alone_with_hosts, entrance.platform)
        return Hosts(
            commands.source_of(entrance.platform), inventory, (host,), settings, entrance.access, lock
        )

    return made


def results(hosts: Hosts, *, check: bool = False) -> list[str]:
    """Return how the command ended on each host."""
    return [
        f"{row.result}{': ' + row.why if row.why else ''}"
        for row in hosts.work(lambda *_: None, check=check).rows
    ]


def test_a_look_at_what_would_be_lets_nobody_in(entrance: Entrance, hosts: Any, tmp_path: Path) -> None:
    """`CHECK=1`, before the first time and after a change."""
    assert results(hosts(), check=True) == ["would change"]
    assert entrance.platform.credentials.hosts() == () and not (tmp_path / "stamp.json").exists()
    assert results(hosts()) == ["done"] and results(hosts()) == ["as it should be"]
    before, login = (tmp_path / "stamp.json").read_text(), (tmp_path / "login").read_text()
    openbao.vault(entrance.platform).delete_role("auth/approle/role", host_role(NAME, "h1"))
    assert results(hosts(), check=True) == ["would change"]
    assert host_role(NAME, "h1") not in openbao.vault(entrance.platform).roles("auth/approle/role")
    assert ((tmp_path / "stamp.json").read_text(), (tmp_path / "login").read_text()) == (before, login)


def test_a_dead_login_is_told_and_mended(entrance: Entrance, hosts: Any, tmp_path: Path) -> None:
    """Somebody destroyed it at the store: the host is as it was set up, and could not mint a token."""
    results(hosts())
    first, vault = (tmp_path / "login").read_text(), openbao.vault(entrance.platform)
    vault.delete_role("auth/approle/role", host_role(NAME, "h1"))
    shown = show_hosts.document(NAME, hosts().look())
    assert shown["hosts"][0]["note"] == f"{STORE} refused: the secrets store has no {host_role(NAME, 'h1')}"
    assert results(hosts()) == ["done"]
    assert vault.lets_in(host_role(NAME, "h1")) and (tmp_path / "login").read_text() not in ("", first)
    assert results(hosts()) == ["as it should be"]


def test_a_login_that_was_made_and_never_came_is_made_again(
    entrance: Entrance, hosts: Any, tmp_path: Path
) -> None:
    """The store knows it; the host has one that is dead."""
    results(hosts())
    openbao.vault(entrance.platform).delete_role("auth/approle/role", host_role(NAME, "h1"))
    assert results(hosts(broken=True))[0].startswith("failed: its disk is full")
    assert openbao.vault(entrance.platform).lets_in(host_role(NAME, "h1"))
    before = (tmp_path / "login").read_text()
    assert results(hosts()) == ["done"] and (tmp_path / "login").read_text() != before


def test_no_secret_is_in_what_is_told_or_kept(entrance: Entrance, hosts: Any, tmp_path: Path) -> None:
    """Neither in a stamp nor in what is shown; nor what tells one from another without the platform's key."""
    results(hosts())
    given = entrance.let_in("h1")
    told = (tmp_path / "stamp.json").read_text() + json.dumps(show_hosts.document(NAME, hosts().look()))
    for text in (given.broker_url, given.bundle_password, given.broker_url.split(":")[2].split("@")[0]):
        assert text not in told
    assert json.loads((tmp_path / "stamp.json").read_text())["parts"].keys() > {"node_base", STORE}


def test_two_commands_at_once_are_refused_with_who_is_first(entrance: Entrance, hosts: Any) -> None:
    """Whoever removes has the credentials revoked all the same, and says what is left."""
    results(hosts())
    with hosts().alone():
        with pytest.raises(
            HeldError, match=rf"^another command works on the hosts of {NAME}: process \d+ since"
        ):
            hosts().work(lambda *_: None, check=False)
        with pytest.raises(HeldError) as told:
            hosts().remove(lambda *_: None)
    first = f"another command works on the hosts of {NAME}: process "
    said = f"credentials of h1 are revoked, all else is there still: {first}"
    assert str(told.value.args[0]).startswith(said)
    assert told.value.remedy == "wait for it, or end it, then run the same command again"
    assert entrance.platform.credentials.hosts() == ()


def test_a_host_that_is_away_is_shut_out_all_the_same(entrance: Entrance, hosts: Any) -> None:
    """A stolen one never answers: its credentials are worth nothing then, and what is left of it is told."""
    results(hosts())
    broker = entrance.broker(entrance.let_in("h1").broker_url)
    assert broker.ping()
    away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}
    done = hosts(**away).remove(lambda *_: None)
    assert [row.result for row in done.rows] == ["failed"] and len(done.problems) == 1
    assert entrance.platform.credentials.hosts() == ()
    assert host_role(NAME, "h1") not in openbao.vault(entrance.platform).roles("auth/approle/role")
    with pytest.raises(redis.exceptions.RedisError):
        broker.ping()


def test_whoever_is_in_no_inventory_is_shut_out_all_the_same(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no host's name is nothing."""
    monkeypatch.setattr(commands, "LocalHostAccess", lambda *_: entrance.access)
    entrance.let_in("h1")
    with entrance.with_queues():
        path = entrance.platform.layout.repository / f"environments/{NAME}/inventory/hosts.yml"
        path.write_text("all: {hosts: 3}\n")
        done = commands.shut_out(entrance.platform.layout.repository, NAME, "h1,h9,../x")
    assert done[-1] == "h1: what is on it stays: the inventory does not say how to reach it"
    assert len(done) == 4 and all(line.startswith("h1: ") for line in done)
    assert entrance.platform.credentials.hosts() == ()


@pytest.mark.parametrize(("timeout", "looks"), [("90s", 18), ("1s", 1), ("", 10**7)])
def test_a_drain_waits_as_long_as_is_said(hosts: Any, timeout: str, looks: int) -> None:
    """Whatever limit upgrades have; without one to the end. The host stays drained."""
    made = hosts()
    limited = replace(made, settings=replace(made.settings, limit=60))
    (row,) = limited.drain(lambda *_: None, timeout).rows
    assert (row.result, row.why) == ("failed", f"looks {looks}, every 5 s, stays True")


def test_who_is_in_no_inventory_is_shut_out_by_the_command_when_that_is_confirmed(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has no credentials is an unknown name."""
    monkeypatch.setattr(commands, "LocalHostAccess", lambda *_: entrance.access)
    layout = entrance.platform.layout
    monkeypatch.setenv("AERODROME_REPOSITORY", str(layout.repository))
    monkeypatch.setenv("AERODROME_STATE", str(layout.state))
    remove = ["remove-host", "--env", NAME, "--limit", "h9"]
    entrance.let_in("h2")
    with entrance.with_queues(h9=["onprem"]) as named:
        named.let_in("h9")
    kept = CliRunner().invoke(command_line(), remove, input="n\n")
    assert kept.exit_code == 1 and "no host or group is called 'h9'" in kept.output
    assert "Revoke the credentials of h9 all the same? [y/N]: " in kept.output
    assert set(entrance.platform.credentials.hosts()) == {"h2", "h9"}
    done = CliRunner().invoke(command_line(), remove, input="y\n")
    assert done.exit_code == 0 and "h9: what is on it stays: the inventory does not say" in done.output
    assert entrance.platform.credentials.hosts() == ("h2",)
    again = CliRunner().invoke(command_line(), [*remove, "--yes"])
    assert isinstance(again.exception, UserError) and "is called 'h9'" in str(again.exception)
