"""Linux processes: who is below whom, what happens when a parent dies, how to end all of them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
# A killed process ends within it, unless it hangs in the kernel.
KILL_SECONDS = 10.0
_LIBC = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def adopt_orphans() -> None:
    """Make every descendant whose parent dies a child of this process: none can leave the tree."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> None:
    """Take from this process and its descendants what setuid programs would give them."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with(parent: int, number: signal.Signals) -> None:
    """Get signal *number* when *parent* dies; end at once where it is already dead."""
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


def wake_on_signals() -> int:
    """Return a descriptor that gives SIGCHLD, SIGTERM and SIGINT as one byte each; they do nothing else."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return reader


def descendants(root: int) -> list[int]:
    """Return every process below *root*, parents before their children."""
    found = list(children(root))
    for pid in found:
        found.extend(children(pid))
    return found


def children(pid: int) -> set[int]:
    """Return the processes whose parent is *pid*, those that ended and wait to be reaped too."""
    # The kernel lists children by the thread that started them.
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found.update(int(child) for child in (thread / "children").read_text().split())
    return found


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """Send *number* to each process that still exists."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def reap() -> Iterator[tuple[int, int]]:
    """Yield the pid and wait status of each child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            yield pid, status


def end_within(pid: int, patience: float) -> None:
    """Return when the child *pid* has ended; it is killed when *patience* seconds are over."""
    if not _has_ended(pid, patience):
        os.kill(pid, signal.SIGKILL)
        _has_ended(pid, KILL_SECONDS)


def _has_ended(pid: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    pause = 0.001
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    return True


def kill_descendants(patience: float = KILL_SECONDS) -> tuple[dict[int, int], bool]:
    """Kill everything below this process until nothing is left.

    Returns the wait statuses of the children that ended, and whether nothing is left: a process that hangs in
    the kernel is given up after *patience* seconds. The caller must have called `adopt_orphans`.
    """
    ended: dict[int, int] = {}
    deadline = time.monotonic() + patience
    while left := descendants(os.getpid()):
        signal_all(left, signal.SIGKILL)
        ended.update(reap())
        if time.monotonic() > deadline:
            return ended, False
        # No sleep: a process that forks and ends at once must not win the race.
        os.sched_yield()
    ended.update(reap())
    return ended, True
