"""A deploy makes plain hosts workers, and `make workers` finds nothing to do then."""

from __future__ import annotations

import pytest
from control import guide
from control.workers import ONPREM, PERSONAL, Workers, results


@pytest.mark.parametrize("name", [*ONPREM, PERSONAL])
def test_a_fresh_host_becomes_a_worker(workers: Workers, name: str) -> None:
    """Its worker, its agent, the tenant's launcher, and what sends logs and metrics are at work."""
    queue = "pii" if name == PERSONAL else "onprem"
    units = (
        f"aerodrome-worker@{queue}.service",
        "aerodrome-secrets.service",
        "aerodrome-launcher@mill.socket",
        "aerodrome-login.timer",
        "aerodrome-logs.service",
        "aerodrome-metrics.timer",
        "aerodrome-firewall.service",
    )
    said = workers.hosts[name].run("systemctl", "is-active", *units, check=False).stdout.split()
    assert said == ["active"] * len(units)


def test_a_second_run_changes_nothing(workers: Workers) -> None:
    """On none of the hosts, in no task."""
    said = workers.control.shell(guide.typed("make workers ENV=lab"))
    assert results(said) == dict.fromkeys(workers.hosts, ("as it should be", 0)), said


def test_a_plan_finds_nothing_either(workers: Workers) -> None:
    """The hosts say which desired state they have."""
    assert "lab: nothing to change" in workers.control.command("plan")
