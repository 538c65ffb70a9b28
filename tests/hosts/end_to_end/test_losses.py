"""A worker that is killed, a host without power: what is left of them, and how they come back."""

from __future__ import annotations

from control.losses import Loss, processes, works
from control.plane import wait


def test_a_killed_worker_leaves_no_process(killed: Loss) -> None:
    """Neither its tasks' supervisors, which nobody killed, nor a tenant's; and systemd starts it again."""
    assert len(killed.worker) > 1 and killed.left == ""
    wait(lambda: works(killed.host))


def test_a_host_that_lost_its_power_comes_back_and_works(crashed: Loss) -> None:
    """Without anybody's help, and without what ran there."""
    wait(lambda: works(crashed.host))
    assert "sleep" not in processes(crashed.host)
