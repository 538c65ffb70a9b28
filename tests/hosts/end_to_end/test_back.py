"""When the hosts that were away are back: every task succeeded once, and a second run makes up for what was missed."""

from __future__ import annotations

from control import ledger
from control.outage import Outage
from control.plane import Control, wait
from control.prometheus import Prometheus
from control.workers import Workers, results


def _once(control: Control, workers: Workers, dag: str, runs: tuple[str, ...]) -> None:
    assert [control.ended(dag, run) for run in runs] == ["success"] * len(runs)
    assert [control.task(dag, run)["try_number"] for run in runs] == [1] * len(runs)
    assert ledger.read(workers.hosts.values()).faults(runs) == {}


def test_what_ends_without_a_broker_is_a_success_at_once(back: Outage) -> None:
    """The execution API is told of it, and the broker when it is back; without either it still runs for Airflow."""
    assert [back.states[run] for run in back.mute_runs] == ["success", "running"]
    assert [back.states[run] for run in back.cut_runs] == ["running", "running"]


def test_a_host_that_was_cut_off_for_two_minutes_kept_its_tasks(workers: Workers, back: Outage) -> None:
    """They succeed in their first attempt: one that ended meanwhile, and one that went on."""
    _once(workers.control, workers, "personal", back.cut_runs)


def test_a_host_without_broker_for_two_minutes_kept_its_tasks(workers: Workers, back: Outage) -> None:
    """The same."""
    _once(workers.control, workers, "grind", back.mute_runs)


def test_the_host_that_was_away_takes_tasks_again(workers: Workers, back: Outage) -> None:
    """By itself: it is the only one of its queue."""
    run = workers.control.begin("personal", seconds=0)
    assert workers.control.ended("personal", run) == "success"


def test_the_second_run_does_what_was_missed(workers: Workers, back: Outage) -> None:
    """On the host that was away, and on no other; then there is nothing to do."""
    first = results(workers.control.command("workers"))
    assert first[back.cut.name][0] == "done"
    assert {first[host.name] for host in workers.onprem} == {("as it should be", 0)}
    assert set(results(workers.control.command("workers")).values()) == {("as it should be", 0)}


def test_the_alert_is_over(back: Outage, watching: Prometheus) -> None:
    """It was told of the host that was away, and never of another one."""
    wait(lambda: not watching.fires("AerodromeHostAway"))
    assert watching.fired("AerodromeHostAway") == {back.cut.address}
