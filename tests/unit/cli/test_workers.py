"""The commands for hosts, where there are none yet."""

from __future__ import annotations

from typing import Any

import pytest

NO_HOST = "environments/local/inventory/hosts.yml names no host"


@pytest.mark.parametrize(
    "command", ["workers", "check-hosts", "drain --limit all", "remove-host --limit h1 --yes"]
)
def test_without_an_inventory_there_is_nothing_to_do(place: Any, command: str) -> None:
    """It is said where hosts are named, and where to read how."""
    done = place.run(*command.split())
    assert done.returncode == 2 and done.stderr.startswith(NO_HOST) and "add-worker.md" in done.stderr


@pytest.mark.parametrize("command", ["drain", "remove-host"])
def test_whoever_drains_or_removes_says_which(place: Any, command: str) -> None:
    """Nobody means all of them by saying nothing."""
    done = place.run(command)
    assert done.returncode == 2 and done.stderr.startswith("no host is named") and "LIMIT=" in done.stderr


def test_a_password_is_asked_for_on_a_terminal_alone(place: Any) -> None:
    """And nobody shows it."""
    done = place.run("workers", "--ask-sudo")
    assert done.returncode == 2 and "Traceback" not in done.stderr
