"""A worker that is killed, a host without power: what is left of them, and how they come back."""

from __future__ import annotations

from control.losses import SLEEPS, processes, works
from control.outage import Outage
from control.plane import wait


def test_a_killed_worker_leaves_no_process_of_a_tenant(killed: str, away: Outage) -> None:
    """And systemd starts it again."""
    wait(lambda: f"sleep {SLEEPS['killed']}" not in processes(away.healthy), 30)
    wait(lambda: works(away.healthy), 60)


def test_a_host_that_lost_its_power_comes_back_and_works(crashed: str, away: Outage) -> None:
    """Without anybody's help, and without what ran there."""
    wait(lambda: works(away.healthy), 60)
    assert "sleep" not in processes(away.healthy)
