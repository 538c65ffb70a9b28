"""How long the tasks of a queue may run: so long pods of its workers are given to end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from aerodrome.environment import Environment
from aerodrome.manifest.loaded import LoadedTenant

LEAST = 600
"""Seconds, for workers of queues that no tenant uses; the chart's own default."""


def longest_tasks(tenants: Iterable[LoadedTenant], environment: Environment) -> dict[str, int]:
    """Return queue → seconds that a task of the longest of its tenants may run, of the queues that tenants use."""
    found: dict[str, int] = {}
    for model in (tenant.model for tenant in tenants):
        allowed = min(model.limits.execution_timeout, environment.limits.execution_timeout)
        for queue in set(model.queues) & environment.queues.keys():
            found[queue] = max(found.get(queue, LEAST), _whole_seconds(allowed))
    return dict(sorted(found.items()))


def _whole_seconds(duration: timedelta) -> int:
    return -(-duration // timedelta(seconds=1))
