"""Tasks that lose their worker, or the machine under it."""

from __future__ import annotations

from dataclasses import dataclass

from control import ledger
from control.plane import TENANT, wait
from control.workers import UNIT, Workers
from fleet.host import Host


@dataclass(frozen=True)
class Loss:
    """A *run* whose first attempt was lost on *host*; the next one ends by itself."""

    run: str
    host: Host


def processes(host: Host) -> str:
    """Return the processes of the tenant on *host*."""
    return host.run("ps", "-u", f"_{TENANT}", "-o", "pid=,args=", check=False).stdout


def works(host: Host) -> bool:
    """Return whether the worker of *host* runs."""
    return host.run("systemctl", "is-active", UNIT, check=False).stdout.strip() == "active"


def killed(workers: Workers) -> Loss:
    """Return a run whose worker was killed with all of its processes at once."""
    lost = _at_work(workers)
    lost.host.run("systemctl", "kill", "--signal=KILL", "--kill-whom=all", UNIT)
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
    return Loss(run, host)
