"""A cgroup for each job: what all of its processes take together is limited, and none of them can leave it."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome_airflow.launcher import hierarchies, processes
from aerodrome_airflow.launcher.cgroup_files import Group
from aerodrome_airflow.launcher.config import Limits
from aerodrome_airflow.launcher.hierarchies import CONTROLLERS

_JOB = "job-"


class UnusableError(Exception):
    """The group of a job cannot be made, or its limits cannot be set."""


@dataclass(frozen=True)
class Reached:
    """Which of its limits a job has reached: that of memory, and how many processes it was refused."""

    memory: bool = False
    processes: int = 0


@dataclass(frozen=True)
class JobGroup:
    """The group of one job in every hierarchy that limits it; where it is in none, nothing is limited or ended."""

    groups: tuple[Group, ...] = ()

    def limits(self, controller: str) -> bool:
        """Return whether *controller* holds for the job."""
        return any(controller in group.controllers for group in self.groups)

    def enter(self) -> None:
        """Put this process into it; whatever it starts is born there."""
        for group in self.groups:
            group.enter()

    def kill(self) -> None:
        """Kill all that is in it, however fast it forks; what hangs in the kernel is given up."""
        for group in self.groups:
            group.forbid_forks()
        deadline = time.monotonic() + processes.KILL_SECONDS
        while left := set[int]().union(*(group.members() for group in self.groups)):
            processes.signal_all(left, signal.SIGKILL)
            if time.monotonic() > deadline:
                return
            os.sched_yield()

    def end(self) -> bool:
        """Kill all that is in it and remove it; False: it is still there."""
        self.kill()
        # Every one, also after one that cannot be removed.
        removed = [group.remove() for group in self.groups]
        return all(removed)

    def alarm(self) -> int | None:
        """Return a descriptor that becomes readable when the job wants more memory than it may have, or None."""
        return next((alarm for group in self.groups if (alarm := group.alarm()) is not None), None)

    def short_of_memory(self) -> bool:
        """Return whether the job has wanted more memory than it may have."""
        return any(group.short_of_memory() for group in self.groups)

    def reached(self) -> Reached:
        """Return which limits the job has reached until now."""
        memory = any(group.short_of_memory() and group.killed() for group in self.groups)
        return Reached(memory, sum(group.refused_processes() for group in self.groups))


NO_GROUP = JobGroup()


@dataclass(frozen=True)
class Groups:
    """Where a launcher's jobs have their groups; *missing* says of the other controllers why there are none."""

    places: tuple[Group, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def enforced(self) -> dict[str, int]:
        """Return the controllers that limit jobs, each with the version of its hierarchy."""
        found = {name: place.version for place in self.places for name in place.controllers}
        return {name: found[name] for name in CONTROLLERS if name in found}

    def make(self, limits: Limits) -> JobGroup:
        """Return the new group of the one job that this process keeps; UnusableError where there can be none."""
        job = self.of(os.getpid())
        # A keeper of the same number may have left a process that could not be killed.
        job.end()
        try:
            for group in job.groups:
                group.folder.mkdir()
                group.limit(limits)
        except OSError as problem:
            job.end()
            raise UnusableError(f"the job's cgroup cannot be made: {problem.strerror}") from problem
        return job

    def of(self, keeper: int) -> JobGroup:
        """Return the group of the job that the process *keeper* keeps, whether it is there or not."""
        return self._named(f"{_JOB}{keeper}")

    def clear(self) -> None:
        """End and remove the groups of all jobs."""
        found = {folder.name for place in self.places for folder in place.folder.glob(f"{_JOB}*")}
        for name in sorted(found):
            self._named(name).end()

    def close(self) -> None:
        """End what is left of jobs, and remove the launcher's own groups."""
        self.clear()
        for place in self.places:
            place.remove()

    def _named(self, name: str) -> JobGroup:
        return JobGroup(tuple(place.below(name) for place in self.places))


def launcher_name(socket: Path) -> str:
    """Return the name of the groups of the one launcher that serves *socket*."""
    # Of several containers that see the same groups each may have this path.
    folder = socket.parent.stat()
    said = f"{folder.st_dev}:{folder.st_ino}:{socket.name}"
    return f"aerodrome-launcher-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def none(reason: str) -> Groups:
    """Return what a launcher has that makes no groups."""
    return Groups(missing=dict.fromkeys(CONTROLLERS, reason))


def claim(name: str) -> Groups:
    """Make the groups of the launcher *name*, after ending what one that was killed has left in them."""
    places: list[Group] = []
    missing = dict.fromkeys(CONTROLLERS, "this machine has no such cgroup controller")
    for parent in hierarchies.parents(f"{name}-server"):
        place = Group(parent.folder / name, parent.version, parent.controllers & missing.keys())
        reason = _unusable(place) if place.controllers else ""
        if not reason and place.controllers:
            places.append(place)
        for controller in place.controllers:
            missing.pop(controller)
            missing.update({controller: reason} if reason else {})
    made = Groups(tuple(places), missing)
    made.clear()
    return made


def _unusable(place: Group) -> str:
    """Make a launcher's group and return why jobs cannot have groups below it, or an empty text."""
    try:
        place.folder.mkdir(exist_ok=True)
        if place.version == 2:
            hierarchies.hand_down(place.folder, place.controllers)
        reason = _tried(place.below(f"{_JOB}0"))
    except OSError as problem:
        reason = f"{place.folder.parent}: {problem.strerror}"
    if reason:
        place.remove()
    return reason


def _tried(job: Group) -> str:
    job.folder.mkdir(exist_ok=True)
    try:
        return job.closed()
    finally:
        job.remove()
