"""What runs now, for people to read."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from aerodrome.clients.supervisor import ProcessState
from aerodrome.local.machine import interpreter, leftovers
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import readiness, supervision, task_limits, topology
from aerodrome.local.stores import entrance_tls

NO_ISOLATION = (
    "Without root every process and every tenant's code runs as the same user:"
    " there is no isolation between tenants."
)


@dataclass(frozen=True)
class Row:
    """One process; *state*: running, starting or down; *memory*: bytes with children; *uptime*: seconds."""

    name: str
    state: str
    pid: int
    uptime: int
    memory: int
    note: str = ""


@dataclass(frozen=True)
class Status:
    """All processes, and what people should know."""

    rows: tuple[Row, ...]
    warnings: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Return whether everything that should run does its work."""
        return bool(self.rows) and all(row.state == "running" for row in self.rows)


def status(platform: Platform) -> Status:
    """Return the state of every process that the environment asks for."""
    warnings = () if platform.layout.root else (NO_ISOLATION,)
    if not interpreter.ready(platform.layout) or not platform.layout.config.is_dir():
        return Status((), ("nothing is deployed here", *warnings))
    supervisor = supervision.client(platform.layout)
    alive = supervisor.answers()
    states = supervisor.processes() if alive else {}
    left = () if alive else _left_behind(platform)
    rows = tuple(_row(platform, p.name, states.get(p.name)) for p in topology.desired(platform))
    told = (*task_limits.told(platform), *entrance_tls.told(platform))
    return Status(rows, (*warnings, *told, *left))


def _left_behind(platform: Platform) -> tuple[str, ...]:
    number = len(leftovers.find(platform.layout))
    if not number:
        return ()
    go = "goes" if number == 1 else "go"
    return (
        f"The supervisor died and {number} of its processes {go} on: the next deploy ends them and starts anew.",
    )


def _row(platform: Platform, name: str, state: ProcessState | None) -> Row:
    if state is None or not state.pid:
        return Row(name, "down", 0, 0, 0, state.note if state else "")
    ready = readiness.is_ready(platform, state)
    return Row(
        name, "running" if ready else "starting", state.pid, int(time.time()) - state.since, memory(state.pid)
    )


def memory(pid: int) -> int:
    """Return the bytes that a process and its children take; what they share is counted once."""
    try:
        process = psutil.Process(pid)
        return sum(_own(member) for member in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0


def _own(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        # A task's supervisor hides its memory map; its share is counted with its parent.
        return 0
    except psutil.Error:
        return 0
