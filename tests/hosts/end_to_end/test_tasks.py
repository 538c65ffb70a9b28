"""Tasks of a tenant on hosts: each queue's on its own hosts, as the tenant's user, with logs in the API."""

from __future__ import annotations

import pytest
from control import ledger
from control.plane import wait
from control.workers import ONPREM, PERSONAL, Workers


@pytest.mark.parametrize(("dag", "hosts"), [("grind", ONPREM), ("personal", (PERSONAL,))])
def test_a_task_runs_on_a_host_of_its_queue(workers: Workers, dag: str, hosts: tuple[str, ...]) -> None:
    """And on no other, as the tenant's user; its log is shown by the API server, which reaches no host."""
    run = workers.control.begin(dag, seconds=0)
    assert workers.control.ended(dag, run) == "success"
    found = ledger.read(workers.hosts.values())
    assert found.hosts[run] in hosts and found.faults([run]) == {}
    line = f"{run} on {found.hosts[run]} as _mill"
    wait(lambda: line in workers.control.log(dag, run))


def test_a_function_runs_in_the_environment_that_was_built_on_the_host(workers: Workers) -> None:
    """What it returns goes to Airflow, and from there to the next task, on whatever host that runs."""
    run = workers.control.begin("hello")
    assert workers.control.ended("hello", run) == "success"
    wait(lambda: "'be' occurs 2 times" in workers.control.log("hello", run, "answer"))


def test_the_log_of_a_running_task_is_shown(workers: Workers) -> None:
    """Within seconds, although it is written on the host."""
    run = workers.control.begin("grind", seconds=0, told=True)
    wait(lambda: f"{run} on hadoop" in _log(workers, run))
    assert workers.control.task("grind", run)["state"] == "running"
    ledger.tell(run, *workers.onprem)


def _log(workers: Workers, run: str) -> str:
    workers.control.running("grind", run)
    return workers.control.log("grind", run)
