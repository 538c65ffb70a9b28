"""What a job's process gives up before the tenant's code begins."""

from __future__ import annotations

import contextlib
import grp
import math
import os
import pwd
import random
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

from aerodrome_airflow.launcher import processes
from aerodrome_airflow.launcher.cgroups import NO_GROUP, JobGroup
from aerodrome_airflow.launcher.config import Limits, Tenant

OPEN_FILES = 4096
# An ignored signal stays ignored over exec; Python ignores SIGPIPE and SIGXFSZ.
_RESET = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP)


class NoSuchUserError(Exception):
    """The tenant's user cannot run jobs here."""


@dataclass(frozen=True)
class Identity:
    """A user as the kernel knows it."""

    uid: int
    gid: int
    groups: tuple[int, ...]


@dataclass(frozen=True)
class Confinement:
    """What a job's process is: *who* None means this process's own user.

    *user_processes*: the most that the user may have, of all of its jobs; None: not limited.
    """

    who: Identity | None
    limits: Limits
    group: JobGroup = NO_GROUP
    user_processes: int | None = None


def confinement(who: Identity | None, tenant: Tenant, group: JobGroup, most_jobs: int) -> Confinement:
    """Return what a job of *tenant* in *group* is, where the tenant runs at most *most_jobs*."""
    return Confinement(who, tenant.limits, group, _user_processes(who, tenant.limits, group, most_jobs))


def _user_processes(who: Identity | None, limits: Limits, group: JobGroup, most_jobs: int) -> int | None:
    # The kernel counts all processes of a user: without a user of their own, the platform's would count too.
    if who is None or limits.processes is None:
        return None
    # Nor must one job take what the tenant's others need, where each has a number of its own.
    return limits.processes * (most_jobs if group.limits("pids") else 1)


def identity(tenant: Tenant) -> Identity | None:
    """Return the user of the tenant's jobs; NoSuchUserError where it cannot run them."""
    if os.geteuid() != 0:
        _refuse_other_user(tenant)
        return None
    if tenant.user is None:
        raise NoSuchUserError(f"tenant {tenant.name} has no user of its own, and its code never runs as root")
    try:
        entry = pwd.getpwnam(tenant.user)
    except KeyError:
        raise NoSuchUserError(f"user {tenant.user} of tenant {tenant.name} does not exist here") from None
    groups = tuple(sorted(set(os.getgrouplist(entry.pw_name, entry.pw_gid)) - {0}))
    if entry.pw_uid == 0 or entry.pw_gid == 0:
        raise NoSuchUserError(f"user {tenant.user} of tenant {tenant.name} is root")
    return Identity(entry.pw_uid, entry.pw_gid, groups)


def _refuse_other_user(tenant: Tenant) -> None:
    if tenant.user is not None and pwd.getpwuid(os.geteuid()).pw_name != tenant.user:
        raise NoSuchUserError(f"only root can run jobs as {tenant.user}: the launcher is not root")


def group_id(name: str) -> int:
    """Return the number of the group *name*; KeyError where there is none."""
    return grp.getgrnam(name).gr_gid


def enter(confined: Confinement, keeper: int) -> None:
    """Turn this freshly forked process into one that may run tenant code; it dies with *keeper*."""
    confined.group.enter()
    os.setsid()
    os.umask(0o077)
    _default_signals()
    _limit(confined)
    _choose_processors(confined.limits.cpus)
    _be_first_when_memory_runs_out()
    if confined.who is not None:
        _become(confined.who)
    # Changing the user clears this, so it comes after.
    processes.die_with(keeper, signal.SIGKILL)
    processes.forbid_new_privileges()


def _default_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in _RESET:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _limit(confined: Confinement) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    # Of each process: what reaches it is told so by its own allocator, before all of the job is ended.
    if confined.limits.memory_bytes is not None:
        _lower(resource.RLIMIT_DATA, confined.limits.memory_bytes)
    if confined.user_processes is not None:
        _lower(resource.RLIMIT_NPROC, confined.user_processes)


def _lower(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (most, most))


def _choose_processors(cpus: float | None) -> None:
    if cpus is None:
        return
    available = sorted(os.sched_getaffinity(0))
    wanted = max(1, math.ceil(cpus))
    if wanted < len(available):
        os.sched_setaffinity(0, random.sample(available, wanted))


def _be_first_when_memory_runs_out() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def _become(who: Identity) -> None:
    os.setgroups(list(who.groups))
    os.setresgid(who.gid, who.gid, who.gid)
    os.setresuid(who.uid, who.uid, who.uid)
    if os.getresuid() != (who.uid,) * 3 or os.getresgid() != (who.gid,) * 3:
        raise PermissionError("the process kept its privileges")
