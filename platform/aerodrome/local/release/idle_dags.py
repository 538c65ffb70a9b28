"""DAGs that run no more, told with those who own them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from aerodrome.clients.airflow import Airflow
from aerodrome.clients.airflow_dags import idle
from aerodrome.local.machine.platform import Platform
from aerodrome.quantities import format_duration


def told(platform: Platform, airflow: Airflow) -> tuple[str, ...]:
    """Return a line for each tenant with DAGs that had no run for as long as the environment says."""
    after = platform.environment.status.idle_after
    found = idle(airflow, datetime.now(UTC) - after)
    return tuple(
        f"{_owners(platform, tenant)}: no run for {format_duration(after)} of {', '.join(dag.name for dag in dags)}"
        for tenant, dags in groupby(found, key=lambda dag: dag.tenant)
    )


def _owners(platform: Platform, tenant: str) -> str:
    model = platform.tenants.get(tenant)
    owners = ", ".join(f"{owner.name} <{owner.email}>" for owner in model.owners) if model else ""
    return f"{tenant} ({owners})" if owners else tenant
