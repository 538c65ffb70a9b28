"""Drains under a stream of tasks: none is killed, none runs twice, none is lost."""

from __future__ import annotations

import re

from control import guide, ledger
from control.stream import stream
from control.workers import ONPREM, Workers, results

# By hand; the upgrade is one more of each host.
DRAINS = 3
# A setting that no worker can take over while it runs.
SETTING = ("onprem: {zone: onprem, shared: false}", "onprem: {zone: onprem, shared: false, slots: 3}")


def _drained_and_taken_back(workers: Workers, name: str) -> None:
    """By the lines of the guide."""
    for command, result in (("drain", "drained"), ("workers", "done")):
        line = guide.typed(f"make {command} ENV=lab LIMIT=hadoop1").replace("hadoop1", name)
        assert results(workers.control.shell(line))[name][0] == result


def _upgraded(workers: Workers) -> list[str]:
    """Give both hosts another setting of their workers, and return which were drained for it, in their order."""
    file = workers.control.root / "environments/lab/environment.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(SETTING[0]) == 1
    file.write_text(text.replace(*SETTING), encoding="utf-8")
    said = workers.control.command("workers", "--limit", ",".join(ONPREM))
    assert {results(said)[name][0] for name in ONPREM} == {"done"}, said
    return re.findall(r"(\w+): draining, then changing", said)


def test_drains_restarts_and_an_upgrade_harm_no_task(workers: Workers) -> None:
    """By turns on both hosts of the queue; each is set up again before the other one's turn."""
    # As many run at once as with shorter ones that follow faster, and these leave the processor to the drains.
    with stream(workers.control, pause=2.0, seconds=6) as runs:
        for turn in range(DRAINS):
            _drained_and_taken_back(workers, workers.onprem[turn % 2].name)
        assert _upgraded(workers) == list(ONPREM)
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
