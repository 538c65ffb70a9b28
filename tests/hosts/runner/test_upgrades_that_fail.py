"""An upgrade that fails after the drain, on a real host: its worker goes on, or it is said that it does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.targets.hosts import HostsTarget, Settings
from fleet.host import Host
from runner_hosts import ROOT, settings, start_worker, wanted

UNIT = "aerodrome-worker@onprem.service"
OWN = "/etc/systemd/system/aerodrome-worker@onprem.service.d/own.conf"
# As a role that switched the version before another one failed.
FAILS = """\
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Switch to the next version
      ansible.builtin.file: {path: /opt/aerodrome/current, src: versions/next, state: link}
    - name: Write the worker's settings
      ansible.builtin.copy: {dest: "%s", content: "", mode: "0644"}
      when: half_new | default(false)
    - name: Install what is needed
      ansible.builtin.fail: {msg: No space left on device}
"""
GOES_AWAY = """\
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: End SSH
      ansible.builtin.command:
        cmd: systemd-run sh -c 'systemctl kill --kill-whom=all --signal=KILL ssh.service; systemctl stop ssh.service'
    - name: Go on
      ansible.builtin.command: sleep 60
"""
STAMPED = """\
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Stamp the host
      aerodrome_state:
        action: write
        environment: lab
        host: hadoop1
        zone: onprem
        digest: before
        parts: {node_base: before}
        managed:
          - {units: ["%s"], files: ["%s"], links: [/opt/aerodrome/current]}
"""
MENDED = FAILS.partition("    - name: Install what is needed")[0] + STAMPED


@pytest.fixture(scope="module")
def host(start_host: Callable[..., Host]) -> Host:
    """A host that these tests share."""
    return start_host("hadoop1")


@pytest.fixture
def upgrading(host: Host, tmp_path: Path) -> Iterator[Settings]:
    """How the host is upgraded: by the playbooks, whose roles fail; a worker runs on it, and its stamp names it."""
    content = tmp_path / "ansible"
    shutil.copytree(ROOT / "ansible", content, ignore=shutil.ignore_patterns("roles"))
    for version in ("before", "next"):
        host.run("mkdir", "-p", f"/opt/aerodrome/versions/{version}")
    host.run("ln", "-sfn", "versions/before", "/opt/aerodrome/current")
    # One without tasks: it goes on until it is told to end.
    host.write(OWN, "[Service]\nExecStart=\nExecStart=/bin/sleep infinity\n")
    start_worker(host, 0)
    told = replace(settings(), content=content, room={})
    (content / "playbooks/workers.yml").write_text(STAMPED % (UNIT, OWN))
    host.run("rm", "-f", "/etc/aerodrome/state.json")
    assert not attempt(host, told).failures
    (content / "playbooks/workers.yml").write_text(FAILS % OWN)
    host.run("systemctl", "start", UNIT)
    yield told
    host.run("systemctl", "kill", "--signal=SIGKILL", UNIT, check=False)
    host.run("systemctl", "stop", UNIT)


def attempt(host: Host, told: Settings, **variables: object) -> HostsTarget:
    """Bring the host to another state."""
    target = HostsTarget([wanted(host, **variables)], told, lambda *_: {}, lambda _: {})
    target.apply(target.changes(), lambda _: None)
    return target


def test_the_worker_goes_on_with_the_version_that_it_had(host: Host, upgrading: Settings) -> None:
    """What was switched before the failure is switched back: it never runs half of an upgrade."""
    (failure,) = attempt(host, upgrading).failures.values()
    assert failure.message == "its disk is full; its workers go on with what they had"
    assert host.run("systemctl", "is-active", UNIT).stdout.strip() == "active"
    assert host.run("readlink", "/opt/aerodrome/current").stdout.strip() == "versions/before"


def test_a_worker_that_was_drained_for_nothing_goes_on(host: Host, upgrading: Settings) -> None:
    """The secrets store was sealed meanwhile: nobody could make the host's login."""

    def sealed(*_: object) -> dict[str, dict[str, str]]:
        raise AerodromeError("the secrets store is sealed", "unseal it")

    said: list[str] = []
    target = HostsTarget([wanted(host)], upgrading, sealed, lambda _: {})
    changes = target.changes()
    with pytest.raises(AerodromeError, match="is sealed"):
        target.apply(changes, said.append)
    assert said[-1] == "hadoop1: the secrets store is sealed; its workers go on with what they had"
    assert host.run("systemctl", "is-active", UNIT).stdout.strip() == "active"


def test_the_next_run_ends_what_one_that_failed_has_begun(host: Host, upgrading: Settings) -> None:
    """Once its cause is mended: the worker runs the next version then."""
    assert attempt(host, upgrading).failures
    (upgrading.content / "playbooks/workers.yml").write_text(MENDED % (OWN, UNIT, OWN))
    assert attempt(host, upgrading).failures == {}
    assert host.run("systemctl", "is-active", UNIT).stdout.strip() == "active"
    assert host.run("readlink", "/opt/aerodrome/current").stdout.strip() == "versions/next"


def test_a_worker_whose_settings_are_half_new_is_told(host: Host, upgrading: Settings) -> None:
    """It is not started; what takes the host back is said."""
    (failure,) = attempt(host, upgrading, half_new=True).failures.values()
    assert f"{UNIT} is stopped and takes no tasks (its settings are half new: {OWN}" in failure.message
    assert failure.remedy.endswith("`make workers ENV=lab LIMIT=hadoop1` takes the host back")
    assert host.run("systemctl", "is-active", UNIT, check=False).stdout.strip() == "inactive"
    assert json.loads(host.read("/etc/aerodrome/state.json"))["digest"] == "before"


def test_a_version_with_which_no_worker_keeps_running_is_a_failure(host: Host, upgrading: Settings) -> None:
    """All that was to be written is written; the next batch must not follow."""
    (upgrading.content / "playbooks/workers.yml").write_text(STAMPED % (UNIT, OWN))
    host.write(OWN, "[Service]\nExecStart=\nExecStart=/bin/false\n")
    (failure,) = attempt(host, upgrading, version="next").failures.values()
    assert f"changed, but {UNIT} does not keep running: see journalctl -u {UNIT}" in failure.message
    assert f"{UNIT} is stopped and takes no tasks" in failure.message


def test_a_host_that_goes_away_meanwhile_is_told(host: Host, upgrading: Settings) -> None:
    """Nobody knows then whether its worker runs."""
    (upgrading.content / "playbooks/workers.yml").write_text(GOES_AWAY)
    (failure,) = attempt(host, upgrading).failures.values()
    host.run("systemctl", "start", "ssh.service")
    assert failure.message.endswith("; its workers may be stopped")
    assert failure.remedy.endswith("`make workers ENV=lab LIMIT=hadoop1` takes the host back")
