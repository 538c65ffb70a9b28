"""A command with everything that it starts: servers that left it, or whose parent was killed, end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from aerodrome_airflow.launcher import processes

# Beside each container that was started: containers go by podman, and some are to stay.
_PODMANS = "conmon\n"


def ended(command: Sequence[str]) -> int:
    """Return how *command* ended, as a shell would, once nothing of it is left; SIGTERM interrupts it.

    It is also interrupted where this process is killed. What is typed at the terminal reaches it by itself.
    """
    processes.adopt_orphans()
    process = subprocess.Popen(["setpriv", "--pdeathsig", "INT", "--", *command])
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT)),
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
    }
    try:
        return _waited(process.pid)
    finally:
        _end_what_is_left()
        for number, handler in before.items():
            signal.signal(number, handler)


def _waited(wanted: int) -> int:
    # Whoever was adopted is waited for as well: a process that nobody asks about would seem to be there still.
    while True:
        pid, status = os.wait()
        if pid == wanted:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _end_what_is_left() -> None:
    deadline = time.monotonic() + processes.KILL_SECONDS
    while (left := list(_below(os.getpid()))) and time.monotonic() < deadline:
        processes.signal_all(left, signal.SIGKILL)
        list(processes.reap())
        time.sleep(0.01)


def _below(pid: int) -> Iterator[int]:
    """Yield the processes below *pid*, but for podman's and the containers below them."""
    for child in processes.children(pid):
        with suppress(OSError):
            if Path(f"/proc/{child}/comm").read_text(encoding="utf-8") != _PODMANS:
                yield child
                yield from _below(child)
