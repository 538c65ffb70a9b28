"""`--ask-sudo`: what somebody types reaches sudo on a host, and no screen."""

from __future__ import annotations

from typing import Any

import pytest
from reached_host import PASSWORD


def test_the_right_password_makes_root_of_who_logs_in(reached: Any) -> None:
    """And nothing of Ansible's loudest output shows it."""
    done = reached.look(PASSWORD)
    assert done.returncode == 0, done.stdout
    assert "password of sudo on the hosts: " in done.stdout
    assert PASSWORD not in done.stdout and PASSWORD.replace('"', '\\"') not in done.stdout


@pytest.mark.parametrize(
    ("typed", "message", "remedy"),
    [
        (["another one"], "the sudo password is wrong", "run the same command again with the right one"),
        ([], "sudo asks for a password there", "add ASK_SUDO=1 and type it"),
    ],
)
def test_without_the_right_password_it_is_said_what_is_missing(
    reached: Any, typed: list[str], message: str, remedy: str
) -> None:
    """At the host's line of the inventory."""
    done = reached.look(*typed)
    assert done.returncode == 1, done.stdout
    said = f"environments/local/inventory/hosts.yml:1:15: one: Compare the host with its stamp: {message}"
    assert f"{said}\r\n    {remedy}" in done.stdout


def test_a_password_is_asked_for_on_a_terminal_alone(place: Any) -> None:
    """Anywhere else it would be shown."""
    process = place.start("workers", "--ask-sudo", start_new_session=True)
    _, errors = process.communicate(timeout=60)
    remedy = "run it on a terminal, or let ansible_user use sudo without a password"
    assert process.returncode == 2
    assert errors == f"this terminal cannot hide what is typed\n    {remedy}\n"
