"""Programs that a deploy waits for end in any case."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import psutil
import pytest
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import programs
from aerodrome.local.machine.deadline import wait_until


def test_a_program_that_does_not_end_is_ended_and_named() -> None:
    """With what can be looked at."""
    begun = time.monotonic()
    with pytest.raises(AerodromeError, match=r"waiting for Godot did not end within 1 s.*\n.*disk full"):
        programs.run(["sleep", "60"], "waiting for Godot", 1)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("reason", ["time", "interruption"])
def test_what_a_program_started_ends_with_it(tmp_path: Path, reason: str) -> None:
    """Whether its time is over or somebody has pressed Ctrl-C."""
    pid = tmp_path / "pid"
    command = ["sh", "-c", f"sleep 600 & echo $! > {pid}.new; mv {pid}.new {pid}; wait"]
    if reason == "interruption":
        main = threading.main_thread().ident
        threading.Timer(1, signal.pthread_kill, [main, signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt if reason == "interruption" else AerodromeError):
        programs.run(command, "a program", 60 if reason == "interruption" else 1)
    assert wait_until(lambda: gone(int(pid.read_text())), 10)


def gone(pid: int) -> bool:
    """Return whether *pid* has ended; a dead process that nobody collects has."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_what_a_program_writes_is_returned() -> None:
    """With its exit code, in what it was given."""
    done = programs.run(["sh", "-c", "cat; echo bad >&2; exit 3"], "a program", 10, input="text")
    assert (done.returncode, done.stdout, done.stderr) == (3, "text", "bad\n")
