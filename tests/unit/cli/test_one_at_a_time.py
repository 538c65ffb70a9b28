"""One command at a time changes a deployment, and the others are told who does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.loop.watch import publish_now
from aerodrome.local.machine.lock import alone

HOLDER = """
import sys, time; from pathlib import Path; from aerodrome.local.machine.lock import alone
from aerodrome.local.loop.watch import publish_now
with alone(Path(sys.argv[1])):
    print("held", flush=True); time.sleep(600)
"""


@pytest.fixture
def holder(place: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of the place's deployment."""
    state = Path(place.environment["AERODROME_STATE"])
    state.mkdir()
    command = [sys.executable, "-c", HOLDER, str(state.with_name("state.lock"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("command", ["deploy", "down", "destroy --yes"])
def test_the_second_command_says_who_holds_the_lock(
    place: Any, holder: subprocess.Popen[str], command: str
) -> None:
    """At once, with process and time, and without changing anything."""
    done = place.run(*command.split())
    told = f"another command works on this platform: process {holder.pid} since 2"
    assert done.returncode == 1 and done.stderr.startswith(told)
    assert not [*Path(place.environment["AERODROME_STATE"]).iterdir()]


def test_a_save_waits_for_its_turn(
    place: Any, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was saved while somebody deployed is published afterwards."""
    monkeypatch.setenv("AERODROME_STATE", place.environment["AERODROME_STATE"])
    place.write("environments/local/environment.yaml", "kind: locl\n")
    said: list[str] = []
    threading.Timer(0.5, holder.kill).start()
    publish_now(place.root, "local", said.append)
    assert f"process {holder.pid}" in said[0] and "kind: " in said[1] and len(said) == 2


def test_a_killed_holder_leaves_no_lock(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    """The kernel gives it back."""
    with pytest.raises(AerodromeError, match=str(holder.pid)), alone(tmp_path / "state.lock"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with alone(tmp_path / "state.lock"):
        assert str(os.getpid()) in (tmp_path / "state.lock").read_text()


def test_who_works_on_hosts_is_told_with_its_age(tmp_path: Path) -> None:
    """A drain may take hours: who holds the lock may have been forgotten."""
    lock, told = tmp_path / "lock", rf"the hosts of lab: process {os.getpid()} since 2\S+ \(\d+s\)"
    with alone(lock), pytest.raises(AerodromeError, match=told), alone(lock, "the hosts of lab"):
        pass


def test_a_lock_that_says_nothing_is_held_all_the_same(tmp_path: Path) -> None:
    """Its holder has not written yet."""
    with alone(tmp_path / "lock"):
        (tmp_path / "lock").write_text("")
        with pytest.raises(AerodromeError, match="it just started"), alone(tmp_path / "lock"):
            pass


def test_a_lock_that_cannot_be_written_is_the_users_mistake(tmp_path: Path) -> None:
    """Somebody else deployed here, or the folder is a file."""
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="set AERODROME_STATE"), alone(tmp_path / "file" / "lock"):
        pass
