"""Processes that outlive their supervisor: found by its session, ended before a new one starts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from aerodrome.errors import AerodromeError
from aerodrome.local.machine.ownership import write_file
from aerodrome.local.machine.state import Layout

_CLOCK_TOLERANCE = 2.0


def note(layout: Layout, pid: int) -> None:
    """Remember the supervisor that was just started: pid and start time."""
    write_file(
        _ledger(layout),
        json.dumps({"pid": pid, "started": psutil.Process(pid).create_time(), "boot": _boot()}),
    )


def supervisor_alive(layout: Layout) -> bool:
    """Return whether the remembered supervisor runs: same pid and same start time."""
    process = _supervisor(layout)
    return process is not None and process.status() != psutil.STATUS_ZOMBIE


def supervisor_start(layout: Layout) -> tuple[float, ...]:
    """Return the time at which the remembered supervisor was started, or nothing where it runs no more."""
    process = _supervisor(layout)
    return (process.create_time(),) if process else ()


def find(layout: Layout) -> tuple[psutil.Process, ...]:
    """Return what is left of the remembered supervisor and its processes.

    Every child stays in the supervisor's session. The kernel gives the number of a session to no other
    process while one member lives, so members are ours unless the machine was started again.
    """
    entry = _read(layout)
    if entry is None or entry["boot"] != _boot():
        return ()
    pid, started = int(entry["pid"]), float(entry["started"])
    if psutil.pid_exists(pid) and _supervisor(layout) is None:
        return ()
    members = [process for process in psutil.process_iter() if _belongs(process, pid, started)]
    return tuple(members)


def end(
    layout: Layout,
    patience: float = 10,
    *,
    slow: Callable[[psutil.Process], bool] = lambda _: False,
    longer: float = 0,
) -> int:
    """End all that :func:`find` returns, first politely; return how many there were.

    What takes more than *patience* seconds is killed; what is *slow* is given *longer* seconds more.
    """
    found = find(layout)
    # A supervisor would start its children again.
    _signal([process for process in found if _session(process) == process.pid], "kill")
    _signal(found, "terminate")
    _signal([process for process in _outlast(layout, patience) if not slow(process)], "kill")
    _signal(_outlast(layout, longer), "kill")
    if alive := _outlast(layout, patience):
        raise AerodromeError(
            f"processes of an earlier deploy do not end: {', '.join(str(p.pid) for p in alive)}"
        )
    _ledger(layout).unlink(missing_ok=True)
    return len(found)


def _outlast(layout: Layout, patience: float) -> tuple[psutil.Process, ...]:
    # A dead process that nobody collects (a container without an init) is as good as gone: find leaves it out.
    deadline = time.monotonic() + patience
    while (alive := find(layout)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive


def _signal(processes: Iterable[psutil.Process], method: str) -> None:
    for process in processes:
        try:
            getattr(process, method)()
        except psutil.NoSuchProcess:
            continue


def _belongs(process: psutil.Process, session: int, started: float) -> bool:
    try:
        return (
            _session(process) == session
            and process.create_time() >= started - _CLOCK_TOLERANCE
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return False


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        # It has just ended.
        return None


def _supervisor(layout: Layout) -> psutil.Process | None:
    entry = _read(layout)
    if entry is None or entry["boot"] != _boot():
        return None
    try:
        process = psutil.Process(int(entry["pid"]))
        return process if abs(process.create_time() - float(entry["started"])) < _CLOCK_TOLERANCE else None
    except psutil.Error:
        return None


def _ledger(layout: Layout) -> Path:
    # Not beside the sockets: those may lie in a folder that the system clears.
    return layout.config / "supervisor.json"


def _read(layout: Layout) -> dict[str, str] | None:
    try:
        entry: dict[str, str] = json.loads(_ledger(layout).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return entry


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
