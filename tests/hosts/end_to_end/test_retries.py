"""Tasks whose worker or host was lost: they are tried again, by their own settings, and never run twice at once."""

from __future__ import annotations

from control import ledger
from control.losses import Loss
from control.workers import ONPREM, Workers


def _tried_again(workers: Workers, lost: Loss) -> None:
    run = lost.run
    assert workers.control.ended("grind", run) == "success"
    task = workers.control.task("grind", run)
    assert task["try_number"] == 2
    found = ledger.read(workers.hosts.values())
    # Of the first attempt only the beginning is written down; the second one is anybody's who serves the queue.
    assert (found.begun[run], found.ended[run]) == (2, 1)
    assert found.attempts[run] == {1: [lost.host.name], 2: [found.hosts[run]]}
    assert str(task["hostname"]).partition(".")[0] == found.hosts[run] and found.hosts[run] in ONPREM


def test_the_task_of_a_killed_worker_is_tried_again(workers: Workers, killed: Loss) -> None:
    """The scheduler takes it for lost after `hosts.cut_off` without a sign of life."""
    _tried_again(workers, killed)


def test_the_task_of_a_host_that_lost_its_power_is_tried_again(workers: Workers, crashed: Loss) -> None:
    """The worker, which is back by then, does not go on with the first attempt."""
    _tried_again(workers, crashed)
