"""How long tasks of a queue may run, as the chart is told."""

from __future__ import annotations

import pytest
from aerodrome.environment import Environment
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.render.chart_values import chart_values
from aerodrome.render.longest_tasks import longest_tasks

ENVIRONMENT = Environment.model_validate(
    {
        "name": "prod",
        "kind": "kubernetes",
        "zones": {"default": {}},
        "queues": {name: {"zone": "default"} for name in ("fast", "slow", "idle")},
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
        "limits": {"execution_timeout": "6h"},
        "secrets": {"vault": {"url": "https://vault.example.org"}},
    }
)
OWNERS = [{"name": "Flight data", "email": "flights@example.org"}]


def tenant(name: str, queues: list[str], timeout: str) -> LoadedTenant:
    """Return a tenant that uses *queues*, whose tasks may run for *timeout*."""
    model = TenantManifest.model_validate(
        {"owners": OWNERS, "queues": queues, "limits": {"execution_timeout": timeout}}
    )
    return LoadedTenant(name, f"tenants/{name}", model, (), ())


@pytest.mark.parametrize(
    ("timeouts", "seconds"),
    [
        ({"a": "2h", "b": "30m"}, 7200),
        ({"a": "12h"}, 6 * 3600),
        ({"a": "1m"}, 600),
    ],
)
def test_a_queue_has_the_longest_time_of_its_tenants(timeouts: dict[str, str], seconds: int) -> None:
    """Not more than the environment allows, and not less than the chart gives by itself."""
    tenants = [tenant(name, ["slow"], timeout) for name, timeout in timeouts.items()]
    assert longest_tasks(tenants, ENVIRONMENT) == {"slow": seconds}


def test_queues_that_the_environment_lacks_are_left_out() -> None:
    """The tenant's manifest is refused for them elsewhere."""
    assert longest_tasks([tenant("a", ["fast", "gone"], "1h")], ENVIRONMENT) == {"fast": 3600}


def test_the_chart_is_told_and_workers_get_the_longest_of_all() -> None:
    """So that what the chart asks of them holds."""
    values = chart_values([tenant("a", ["fast"], "1h"), tenant("b", ["slow"], "2h")], ENVIRONMENT, {})
    assert values["deploymentPolicy"]["longestTask"]["queues"] == {"fast": 3600, "slow": 7200}
    assert values["workers"]["terminationGracePeriodSeconds"] == 7200
