"""Drains under a stream of tasks: none is killed, none runs twice, none is lost."""

from __future__ import annotations

from control import ledger
from control.stream import stream
from control.workers import ONPREM, Workers, results

DRAINS = 5


def test_drains_and_restarts_harm_no_task(workers: Workers) -> None:
    """By turns on both hosts of the queue; each is set up again before the other one's turn."""
    # As many run at once as with shorter ones that follow faster, and these leave the processor to the drains.
    with stream(workers.control, pause=2.0, seconds=6) as runs:
        for turn in range(DRAINS):
            name = workers.onprem[turn % 2].name
            assert results(workers.control.command("drain", "--limit", name))[name][0] == "drained"
            assert results(workers.control.command("workers", "--limit", name))[name][0] == "done"
    tasks = workers.control.tasks("grind", runs)
    assert {(task["state"], task["try_number"]) for task in tasks} == {("success", 1)}
    found = ledger.read(workers.hosts.values())
    assert found.faults(runs) == {} and {found.hosts[run] for run in runs} == set(ONPREM)


def test_a_drain_waits_for_the_running_task(workers: Workers) -> None:
    """Nothing new begins on the host meanwhile, nor afterwards, until it is taken back."""
    run = workers.control.begin("grind", seconds=0, told=True)
    host = workers.of(run)
    with workers.control.started("drain", "--limit", host.name) as drain:
        assert any("1 task still runs: mill.grind.work" in line for line in drain.stdout)
        assert ledger.read([host]).ended[run] == 0
        ledger.tell(run, host)
    assert ledger.read([host]).ended[run] == 1
    later = workers.control.begin("grind", seconds=0)
    assert workers.control.ended("grind", later) == "success"
    assert ledger.read(workers.hosts.values()).hosts[later] != host.name
    workers.control.command("workers", "--limit", host.name)
    assert workers.control.ended("grind", run) == "success"
