"""The commands for hosts, where there are none yet."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aerodrome.local.machine.credentials import host_removal
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.release.hosts import hosts_of
from reached_host import INVENTORY

SHARED = "LIMIT=h1,g2 ASK_SUDO=1 VERBOSE=2"
OPTIONS = "--limit h1,g2 --ask-sudo --verbose 2"
# target and variables → command and options
MADE = {
    "workers": "workers --env local",
    f"workers {SHARED} CHECK=1": f"workers --env local {OPTIONS} --check",
    "drain LIMIT=all": "drain --env local --limit all",
    f"drain {SHARED} TIMEOUT=30m ENV=lab": f"drain --env lab {OPTIONS} --timeout 30m",
    "remove LIMIT=h1": "remove-host --env local --limit h1",
    f"remove {SHARED} YES=1": f"remove-host --env local {OPTIONS} --yes",
    "check-hosts": "check-hosts --env local",
    f"check-hosts {SHARED} JSON=1": f"check-hosts --env local {OPTIONS} --json",
}
FILE = "environments/local/inventory/hosts.yml"
NO_HOST = f"{FILE} names no host"


@pytest.mark.parametrize(
    "command", ["workers", "check-hosts", "drain --limit all", "remove-host --limit h1 --yes"]
)
def test_without_an_inventory_there_is_nothing_to_do(place: Any, command: str) -> None:
    """It is said once, with where hosts are named, and where to read how."""
    done = place.run(*command.split())
    assert (done.returncode, done.stdout) == (2, "") and "add-worker.md" in done.stderr
    assert done.stderr.startswith(NO_HOST) and done.stderr.count(NO_HOST) == 1


@pytest.mark.parametrize("command", ["workers", "check-hosts", "drain --limit one"])
def test_while_the_inventory_has_a_mistake_no_host_is_spoken_to(reached: Any, command: str) -> None:
    """The mistake is told with its place, as by a check."""
    called = reached.state / "called"
    reached.program("ssh", f"#!/bin/sh\ntouch {called}\n")
    reached.place.write(FILE, INVENTORY.replace("[onprem]", "[onprme]"))
    process = reached.place.start(*command.split(), env=reached.environment)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and not called.exists()
    assert errors.startswith(f"{FILE}:1:74: all.hosts.one.queues[0]: unknown queue 'onprme'\n")


def test_a_limit_of_commas_names_nobody(reached: Any) -> None:
    """All hosts are not what was meant, nor is nothing."""
    done = reached.place.run("workers", "--limit", " , ")
    assert done.returncode == 2 and done.stderr.startswith("' , ' names no host\n    write names")


@pytest.mark.parametrize("command", ["drain", "remove-host"])
def test_whoever_drains_or_removes_says_which(place: Any, command: str) -> None:
    """Nobody means all of them by saying nothing."""
    done = place.run(command)
    assert done.returncode == 2 and done.stderr.startswith("no host is named") and "LIMIT=" in done.stderr


@pytest.mark.parametrize("target", MADE)
def test_make_passes_options_on(repository: Path, target: str) -> None:
    """And none that nobody gave: a removal asks, a drain has no limit."""
    command = ["make", "--no-print-directory", "-n", *target.split()]
    # Without what the make around the tests was told.
    own = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=repository, env=own, capture_output=True, text=True, check=True)
    assert shlex.split(done.stdout.splitlines()[-1]) == [".venv/bin/aerodrome", *MADE[target].split()]


def test_a_removal_tells_what_it_does_before_it_asks(reached: Any) -> None:
    """Whoever says no has lost nothing."""
    done = reached.place.run("remove-host", "--limit", "one", typed="n\n")
    told = (
        "credentials of one are revoked at once; then its workers are killed, and its users and data deleted"
        " (make drain ENV=local LIMIT=one first lets running tasks end)"
    )
    assert done.returncode == 1 and done.stdout.startswith(f"{told}\nRemove them? [y/N]: ")
    assert not (reached.state / "secrets" / host_removal("one")).exists()


def test_a_limit_that_is_no_duration_is_refused_before_a_host_is_touched(reached: Any) -> None:
    """With how durations are written."""
    done = reached.place.run("drain", "--limit", "one", "--timeout", "soon")
    assert done.returncode == 2 and done.stderr.startswith("--timeout soon: ")
    assert done.stderr.endswith("\n    write 90s, 30m or 2h\n")


def test_whoever_stops_waiting_is_told_that_the_drain_goes_on(reached: Any) -> None:
    """And how to see how far it is, and how to take the host back."""
    begun = reached.state / "begun"
    reached.program("ssh", f"#!/bin/sh\ntouch {begun}\nexec sleep 600\n")
    process = reached.place.start("drain", "--limit", "one", env=reached.environment)
    assert wait_until(begun.exists, 60)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "one: goes on draining by itself: no further task is taken, running ones end\n" in out
    command = "ENV=local LIMIT=one"
    assert f"make check-hosts {command} shows how far it is; make workers {command} takes it back\n" in out


@pytest.mark.parametrize(("said", "limit"), [("", None), ("drain_limit: 1h, ", 3660)])
def test_an_upgrade_waits_a_minute_longer_than_a_host_lets_tasks_run(
    reached: Any, monkeypatch: pytest.MonkeyPatch, said: str, limit: int | None
) -> None:
    """The host kills what still runs; without a limit a task may take for ever."""
    monkeypatch.setenv("AERODROME_STATE", str(reached.state))
    path = reached.place.root / "environments/local/environment.yaml"
    path.write_text(path.read_text().replace("hosts: {entrance", f"hosts: {{{said}entrance"))
    assert hosts_of(reached.place.root, "local").settings.limit == limit
