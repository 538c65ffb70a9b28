"""Tasks that lose their worker, or the machine under it."""

from __future__ import annotations

from control.plane import TENANT, wait
from control.workers import Workers
from fleet.host import Host

UNIT = "aerodrome-worker@onprem.service"
# Nothing else on a host sleeps for so long.
SLEEPS = {"killed": 21, "crashed": 22}


def processes(host: Host) -> str:
    """Return the processes of the tenant on *host*."""
    return host.run("ps", "-u", f"_{TENANT}", "-o", "pid=,args=", check=False).stdout


def works(host: Host) -> bool:
    """Return whether the worker of *host* runs."""
    return host.run("systemctl", "is-active", UNIT, check=False).stdout.strip() == "active"


def killed(workers: Workers) -> str:
    """Return a run whose worker was killed with all of its processes at once."""
    run, host = _at_work(workers, SLEEPS["killed"])
    host.run("systemctl", "kill", "--signal=KILL", "--kill-whom=all", UNIT)
    return run


def crashed(workers: Workers) -> str:
    """Return a run whose host lost its power, and has it again."""
    run, host = _at_work(workers, SLEEPS["crashed"])
    host.crash()
    return run


def _at_work(workers: Workers, seconds: int) -> tuple[str, Host]:
    run = workers.control.begin("grind", seconds=seconds)
    host = workers.of(run)
    wait(lambda: f"sleep {seconds}" in processes(host), 60)
    return run, host
