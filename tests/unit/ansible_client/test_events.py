"""What recorded events of real runs (tests/hosts/runner/record.py) mean to people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients.ansible_events import Listener, still_running
from aerodrome.clients.ansible_failures import CENSORED

RECORDED = Path(__file__).parent / "recorded"
UNREACHABLE = {
    "host_key_unknown": "its SSH key is not known here",
    "host_key_changed": "its SSH key is another one than before",
    "refused": "it runs no SSH server at that address and port",
    "no_route": "no network leads to it",
    "no_such_name": "its name nowhere.invalid is not known",
    "not_let_in": "it does not let this user in over SSH",
    "timeout": "it does not answer",
}
FAILED = {
    "sudo_password_missing": "sudo asks for a password there",
    "sudo_password_wrong": "the sudo password is wrong",
    "not_in_sudoers": "its user may not use sudo",
    "no_sudo": "it has no sudo",
    "no_python": "it has no Python at /usr/bin/python3",
    "disk_full": "its disk is full",
    "no_such_package": "its package sources do not have no-such-package-here",
    "package_source": "its package sources cannot be read: Failed to update apt cache after 5 retries",
    "unit_does_not_start": "its unit broken.service does not start",
    "lock": "a tenant's lock does not resolve: Because no-such-package was not found",
    "lock_of_platform": "the platform's packages cannot be installed: error: No solution found",
    "assertion": "It is too old",
    "hidden": CENSORED,
}


def heard(name: str, **options: Any) -> tuple[Listener, list[str]]:
    """Return who heard the events of the file *name*, and its progress."""
    said: list[str] = []
    listener = Listener(said.append, **options)
    for event in json.loads((RECORDED / f"{name}.json").read_text()):
        assert listener(event) is False, "nothing is to be kept on a disk"
    return listener, said


@pytest.mark.parametrize("name", UNREACHABLE)
def test_a_host_that_is_not_reached_says_why(name: str) -> None:
    """In one line, with what to do, and without a task that would be to blame."""
    listener, said = heard(name)
    failure = listener.failures["hadoop1"]
    assert (failure.message, failure.where, failure.unreachable) == (UNREACHABLE[name], "", True)
    assert failure.remedy and "\n" not in failure.remedy and not said and listener.finished


@pytest.mark.parametrize("name", FAILED)
def test_a_task_that_fails_says_why(name: str) -> None:
    """In one line, with the role and task, and what to do."""
    failure = heard(name)[0].failures["hadoop1"]
    assert failure.message.startswith(FAILED[name]) and not failure.unreachable
    assert ": " in failure.where and failure.remedy and "\n" not in failure.message + failure.remedy


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("clock", "timedatectl"), ("no_room", "make room there"), ("assertion", "Install Debian 12.")],
)
def test_our_own_modules_say_what_to_do(name: str, remedy: str) -> None:
    """And our own tasks: they know more of it than the table."""
    assert remedy in heard(name)[0].failures["hadoop1"].remedy


@pytest.mark.parametrize(
    ("name", "option"), [("sudo_password_missing", "ASK_SUDO=1"), ("hidden", "VERBOSE=1")]
)
def test_an_option_is_told_with_the_command_that_has_it(name: str, option: str) -> None:
    """A deploy says the same of a host, and takes no such options."""
    remedy = heard(name)[0].failures["hadoop1"].remedy
    assert option in remedy and "make workers" in remedy


def test_what_changes_is_progress() -> None:
    """What does not is none."""
    listener, said = heard("changed")
    assert said == ["hadoop1: node_base: Write it"] and listener.changed == {"hadoop1": 1}


def test_a_secret_is_taken_out_of_everything() -> None:
    """Of failures, and of Ansible's own words."""
    listener, said = heard("disk_full", hidden={"disk is full": "<d>", "No space left": "<n>"}, aloud=True)
    assert listener.failures["hadoop1"].message == "its <d>"
    assert any("<n>" in line for line in said) and not any("No space left" in line for line in said)


def test_waiting_names_the_tasks() -> None:
    """The oldest three, and how many more."""
    tasks = [{"name": f"routes.daily.t{number}", "seconds": 3600 - number} for number in range(5)]
    told = still_running(tasks, 1)
    assert told.startswith("5 tasks still run: routes.daily.t0 (1h), routes.daily.t1 (59m59s)")
    assert told.endswith(" and 2 more") and still_running([], 1) == "1 worker ending"


def test_every_recorded_file_is_looked_at() -> None:
    """One that nobody expects anything of proves nothing."""
    known = {*UNREACHABLE, *FAILED, "clock", "no_room", "changed", "drain"}
    assert {path.stem for path in RECORDED.glob("*.json")} <= known
