"""Run a program so that nothing which it starts outlives it: `kept PARENT UID:GID COMMAND …`, or `-` for this user.

SIGTERM, and the death of PARENT, kill the program with everything below it, what has left its session and its parent
too. SIGINT is handed on. The exit code is the program's.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from typing import NoReturn

from aerodrome_airflow.launcher import processes, sandbox
from aerodrome_airflow.launcher.config import Limits

_COULD_NOT_START = 127
# What is installed must be readable for those who run it; folders decide who comes near.
_UMASK = 0o022


def main() -> None:
    """Run the program that the command line names, and end as it ended."""
    parent, account, *command = sys.argv[1:]
    processes.adopt_orphans()
    wakeup = processes.wake_on_signals()
    processes.die_with(int(parent), signal.SIGTERM)
    keeper, pid = os.getpid(), os.fork()
    if pid == 0:
        _become(command, _identity(account), keeper)
    status = _watch(pid, wakeup)
    ended, _ = processes.kill_descendants()
    _end_as(ended.get(pid, 0) if status is None else status)


def _identity(account: str) -> sandbox.Identity | None:
    if account == "-":
        return None
    uid, _, gid = account.partition(":")
    return sandbox.Identity(int(uid), int(gid), ())


def _become(command: list[str], who: sandbox.Identity | None, keeper: int) -> NoReturn:
    try:
        sandbox.enter(sandbox.Confinement(who, Limits()), keeper)
        os.umask(_UMASK)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as problem:
        os.write(2, f"{command[0]} cannot be started: {problem.strerror}\n".encode())
    finally:
        os._exit(_COULD_NOT_START)


def _watch(pid: int, wakeup: int) -> int | None:
    """Return the wait status of *pid*; None where this process was told to end before."""
    while True:
        select.select([wakeup], [], [])
        numbers = os.read(wakeup, 512)
        if signal.SIGTERM in numbers:
            return None
        if signal.SIGINT in numbers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGINT)
        for ended, status in processes.reap():
            if ended == pid:
                return status


def _end_as(status: int) -> NoReturn:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
