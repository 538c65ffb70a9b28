"""The files of one cgroup, in either version: its limits, what it has run into, its end."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aerodrome_airflow.launcher.config import Limits

_PERIOD = 100_000
_LEAST_QUOTA = 1_000
# A group is busy for a moment after its last process has ended.
_REMOVAL_SECONDS = 2.0
_PAUSE = 0.002
# The kernel charges a group some pages at a time, on each processor.
_CHARGED_AT_ONCE = 4 * 2**20
# That they are there says that groups here can be given the limit.
_LIMIT_FILES = {
    1: {"memory": "memory.limit_in_bytes", "pids": "pids.max", "cpu": "cpu.cfs_quota_us"},
    2: {"memory": "memory.max", "pids": "pids.max", "cpu": "cpu.max"},
}
# What may be missing or refused: kernels without swap; an outer group that has less processor time than the tenant.
_DISPENSABLE = {
    "memory.swap.max": errno.ENOENT,
    "memory.memsw.limit_in_bytes": errno.ENOENT,
    "memory.swappiness": errno.ENOENT,
    "memory.oom.group": errno.ENOENT,
    "cpu.cfs_quota_us": errno.EINVAL,
}


@dataclass(frozen=True)
class Group:
    """A cgroup in a hierarchy of *version*, and which limits it has there."""

    folder: Path
    version: int
    controllers: frozenset[str]

    def below(self, name: str) -> Group:
        """Return the group *name* below this one."""
        return Group(self.folder / name, self.version, self.controllers)

    def members(self) -> set[int]:
        """Return the processes in it; those that ended and wait to be reaped are not among them."""
        return members(self.folder)

    def enter(self) -> None:
        """Put this process into it."""
        _set(self.folder / "cgroup.procs", "0")

    def limit(self, limits: Limits) -> None:
        """Set what is limited here."""
        for name, value in _settings(self, limits):
            _set(self.folder / name, value)

    def closed(self) -> str:
        """Return which of its files this process cannot write, or an empty text."""
        names = sorted(_LIMIT_FILES[self.version][name] for name in self.controllers)
        found = [name for name in (*names, "cgroup.procs") if not os.access(self.folder / name, os.W_OK)]
        return f"{', '.join(found)} cannot be written" if found else ""

    def forbid_forks(self) -> None:
        """Let nothing be born here any more, as far as the kernel offers it; version 2 ends all that is here."""
        name, value = ("cgroup.kill", "1") if self.version == 2 else ("pids.max", "0")
        with contextlib.suppress(OSError):
            _set(self.folder / name, value)

    def short_of_memory(self) -> bool:
        """Return whether its own limit was in the way: what runs out may also be the machine, or a group around."""
        if "memory" not in self.controllers:
            return False
        if self.version == 2:
            return self._counted("memory.events", "oom") > 0
        # The kernel's own count of failures is not kept by newer ones.
        limit, most = (
            _number(self.folder / name) for name in ("memory.limit_in_bytes", "memory.max_usage_in_bytes")
        )
        return 0 < limit <= most + _CHARGED_AT_ONCE

    def killed(self) -> bool:
        """Return whether the kernel has ended a process of it for want of memory."""
        return self._counted("memory.events" if self.version == 2 else "memory.oom_control", "oom_kill") > 0

    def refused_processes(self) -> int:
        """Return how often a process of it could start no other one."""
        return self._counted("pids.events", "max")

    def alarm(self) -> int | None:
        """Return a descriptor that becomes readable when it runs out of memory; None where none is needed.

        Version 2 ends all of a job itself where it must end a process of it.
        """
        if self.version == 2 or "memory" not in self.controllers:
            return None
        with contextlib.suppress(OSError):
            return _alarm(self.folder)
        return None

    def remove(self) -> bool:
        """Remove it; False: a process that cannot be killed is still in it, or nothing can be removed here."""
        deadline = time.monotonic() + _REMOVAL_SECONDS
        while (why := _why_not_removed(self.folder)) == errno.EBUSY and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return why in (0, errno.ENOENT)

    def _counted(self, file: str, name: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            for line in (self.folder / file).read_text(encoding="ascii").splitlines():
                if line.startswith(f"{name} "):
                    return int(line.split()[1])
        return 0


def members(folder: Path) -> set[int]:
    """Return the processes in the cgroup *folder*; none where it is gone."""
    with contextlib.suppress(OSError):
        return {int(pid) for pid in (folder / "cgroup.procs").read_text(encoding="ascii").split()}
    return set()


def _settings(group: Group, limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield what to write, file by file, in this order."""
    if "memory" in group.controllers and limits.memory_bytes is not None:
        yield from _memory_settings(group.version, str(limits.memory_bytes))
    if "pids" in group.controllers and limits.processes is not None:
        yield "pids.max", str(limits.processes)
    if "cpu" in group.controllers and limits.cpus is not None:
        quota = max(_LEAST_QUOTA, int(limits.cpus * _PERIOD))
        yield ("cpu.cfs_quota_us", str(quota)) if group.version == 1 else ("cpu.max", f"{quota} {_PERIOD}")


def _memory_settings(version: int, limit: str) -> Iterator[tuple[str, str]]:
    if version == 2:
        yield "memory.max", limit
        yield "memory.swap.max", "0"
        # All of a job or nothing: half of one waits for ever for the other half.
        yield "memory.oom.group", "1"
    else:
        yield "memory.limit_in_bytes", limit
        yield "memory.memsw.limit_in_bytes", limit
        yield "memory.swappiness", "0"


def _set(file: Path, value: str) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, value.encode("ascii"))
        finally:
            os.close(descriptor)
    except OSError as problem:
        if problem.errno != _DISPENSABLE.get(file.name):
            raise


def _number(file: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(file.read_text(encoding="ascii"))
    return 0


def _alarm(folder: Path) -> int:
    event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    try:
        control = os.open(folder / "memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _set(folder / "cgroup.event_control", f"{event} {control}")
        finally:
            os.close(control)
    except OSError:
        os.close(event)
        raise
    return event


def _why_not_removed(folder: Path) -> int:
    try:
        folder.rmdir()
    except OSError as problem:
        return problem.errno or errno.EIO
    return 0
