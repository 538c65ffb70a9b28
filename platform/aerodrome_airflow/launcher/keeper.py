"""The keeper of one job: takes the request, starts the job's process, ends everything the job has started."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from aerodrome_airflow.launcher import cgroups, child, commands, jobs, processes, protocol, sandbox, slots
from aerodrome_airflow.launcher.config import Config, Limits, Patience
from aerodrome_airflow.launcher.pump import Pump, Run, Session

REQUEST_SECONDS = 30.0
_REMOVALS = 2

log = logging.getLogger("launcher")


@dataclass(frozen=True)
class Server:
    """What a keeper has of the server: its process, whose death ends the job, and slots and cgroups of all jobs."""

    pid: int
    slots: int
    groups: cgroups.Groups


def keep(connection: socket.socket, config: Config, server: Server) -> None:
    """Serve the one job that *connection* asks for."""
    processes.adopt_orphans()
    session = Session(connection, protocol.Frames(protocol.JOB_LIMIT), processes.wake_on_signals())
    processes.die_with(server.pid, signal.SIGTERM)
    try:
        _serve(session, _request(session), config, server)
    except (
        jobs.BadJobError,
        commands.RefusedError,
        cgroups.UnusableError,
        sandbox.NoSuchUserError,
        protocol.ProtocolError,
    ) as problem:
        refuse(connection, str(problem))
    except (ConnectionError, TimeoutError):
        log.info("a connection ended before its job began")


def refuse(connection: socket.socket, reason: str) -> None:
    """Tell the client that there is no job."""
    log.info("refused: %s", reason)
    with contextlib.suppress(OSError):
        connection.settimeout(REQUEST_SECONDS)
        connection.sendall(protocol.frame(protocol.EXIT, json.dumps({"refused": reason}).encode()))


def _request(session: Session) -> jobs.Job:
    session.connection.settimeout(REQUEST_SECONDS)
    while received := session.connection.recv(protocol.PIECE):
        for letter, content in session.frames.feed(received):
            if letter != protocol.JOB:
                raise protocol.ProtocolError("a connection begins with a job")
            return jobs.decode(content)
    raise ConnectionError("no request")


def _serve(session: Session, job: jobs.Job, config: Config, server: Server) -> None:
    tenant = config.tenants.get(job.tenant)
    if tenant is None:
        raise commands.RefusedError(f"tenant {job.tenant!r} is not known to this launcher: deploy again")
    if not slots.take(server.slots, tenant.name, config.max_jobs_per_tenant):
        raise commands.RefusedError(f"{config.max_jobs_per_tenant} jobs of tenant {tenant.name} run already")
    who, plan = sandbox.identity(tenant), commands.plan(job, tenant)
    with _group(server.groups, tenant.limits) as group, _folder(who, config.patience.removal) as folder:
        confined = sandbox.confinement(who, tenant, group, config.max_jobs_per_tenant)
        process = child.start(plan, confined, folder)
        name = f"tenant={tenant.name} kind={job.kind} pid={process.pid}"
        log.info("%s started", name)
        reached = _run(session, plan, Run(process, group, tenant.limits, config.output), config.patience)
        log.info("%s ended%s", name, f", {reached}" if reached else "")


def _run(session: Session, plan: commands.Plan, run: Run, patience: Patience) -> str:
    """Return which limits the job has reached, in words."""
    session.connection.setblocking(False)
    pump = Pump(session, run, plan.deadlines(patience))
    pump.send_to_job(plan.request, complete=not plan.takes_content)
    pump.run()
    return ", ".join(f"limit of {name} reached" for name in pump.reached())


@contextlib.contextmanager
def _group(groups: cgroups.Groups, limits: Limits) -> Iterator[cgroups.JobGroup]:
    group = groups.make(limits)
    try:
        yield group
    finally:
        if not group.end():
            log.error("a job's cgroup could not be removed: a process in it cannot be killed")


@contextlib.contextmanager
def _folder(who: sandbox.Identity | None, patience: float) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=_prefix(os.getpid())))
    try:
        if who is not None:
            os.chown(folder, who.uid, who.gid)
        yield folder
    finally:
        _remove(folder, who, patience)


def _prefix(keeper: int) -> str:
    return f"aerodrome-job-{keeper}-"


def clear_up_after(keeper: int, patience: float, groups: cgroups.Groups) -> None:
    """End what a killed keeper has left in its job's cgroup, and remove that and its temporary folder."""
    groups.of(keeper).end()
    for folder in Path(tempfile.gettempdir()).glob(_prefix(keeper) + "*"):
        owner = folder.lstat()
        is_tenants = os.geteuid() == 0 and owner.st_uid != 0
        _remove(folder, sandbox.Identity(owner.st_uid, owner.st_gid, ()) if is_tenants else None, patience)


def _remove(folder: Path, who: sandbox.Identity | None, patience: float) -> None:
    # As the tenant's user: what the tenant left there must not lead root anywhere. So the tenant's other jobs may
    # stop or kill the process that does it.
    for _ in range(_REMOVALS):
        pid = os.fork()
        if pid == 0:
            _become_remover(folder, who)
        processes.end_within(pid, patience)
        if not folder.exists():
            return
    log.error("%s could not be removed", folder)


def _become_remover(folder: Path, who: sandbox.Identity | None) -> NoReturn:
    try:
        sandbox.enter(sandbox.Confinement(who, Limits()), os.getppid())
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(0)
