"""Tasks that lose their worker, or the machine under it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from control import ledger
from control.plane import TENANT, wait
from control.workers import UNIT, Workers
from fleet.host import Host


@dataclass(frozen=True)
class Loss:
    """A *run* whose first attempt was lost on *host*, where *worker* were the worker's processes; the next one ends."""

    run: str
    host: Host
    worker: frozenset[str]

    @property
    def left(self) -> str:
        """What is still there of that worker and of tasks on its host; empty in the end."""
        old = ", ".join(sorted(self.worker & worker(self.host)))
        of_tenant = processes(self.host)
        return f"{old} {of_tenant}" if old or "sleep" in of_tenant else ""


def worker(host: Host) -> frozenset[str]:
    """Return the ids of the processes in the cgroup of the worker of *host*."""
    rows = host.run("ps", "-ww", "-eo", "pid=,cgroup=").stdout.splitlines()
    return frozenset(row.split()[0] for row in rows if UNIT in row)


def processes(host: Host) -> str:
    """Return the processes of the tenant on *host*."""
    return host.run("ps", "-u", f"_{TENANT}", "-o", "pid=,args=", check=False).stdout


def works(host: Host) -> bool:
    """Return whether the worker of *host* runs."""
    return host.run("systemctl", "is-active", UNIT, check=False).stdout.strip() == "active"


def killed(workers: Workers) -> Loss:
    """Return a run whose worker was killed: its first process alone, as where memory runs out."""
    lost = _at_work(workers)
    lost.host.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", UNIT)
    # Where something of the attempt is left it would end by itself; tests tell of what never goes.
    with suppress(AssertionError):
        wait(lambda: not lost.left)
    ledger.tell(lost.run, *workers.onprem)
    return lost


def crashed(workers: Workers) -> Loss:
    """Return a run whose host lost its power, and has it again."""
    lost = _at_work(workers)
    lost.host.crash()
    ledger.tell(lost.run, *workers.onprem)
    return lost


def _at_work(workers: Workers) -> Loss:
    run = workers.control.begin("grind", seconds=0, told=True)
    host = workers.of(run)
    wait(lambda: "sleep" in processes(host))
    return Loss(run, host, worker(host))
