"""The namespaces of tenants that a deploy makes and changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.kubernetes.values import merged
from aerodrome.manifest.loaded import LoadedTenant
from aerodrome.render.chart_values import zones_with_pods

MADE_BY_DEFAULT = True
"""What the chart says in `tenancy.defaults.namespace.create`."""


def made_by_release(root: Path, environment: Environment, tenants: Iterable[LoadedTenant]) -> tuple[str, ...]:
    """Return the namespaces of those *tenants* that have pods, sorted, but for those that others are to make."""
    values = merged(root, environment.name, {})
    found = sorted(tenant.name for tenant in tenants if zones_with_pods(tenant, environment))
    return tuple(names.namespace(tenant) for tenant in found if _is_made(values, tenant))


def _is_made(values: Mapping[str, Any], tenant: str) -> bool:
    for place in (("tenants", tenant), ("tenancy", "defaults")):
        said = _at(values, (*place, "namespace", "create"))
        if said is not None:
            return bool(said)
    return MADE_BY_DEFAULT


def _at(values: Any, keys: Iterable[str]) -> Any:
    """Return what stands below *keys*, None where nothing does; the chart's schema is Helm's to check."""
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values
