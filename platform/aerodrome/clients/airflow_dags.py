"""DAGs as Airflow tells them, by the names that their manifests have, and which of them run no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aerodrome.clients.airflow import Airflow
from aerodrome.names import SEPARATOR
from aerodrome.policy.facts import PLATFORM_FOLDER


@dataclass(frozen=True, order=True)
class Dag:
    """A DAG, by the name that its manifest has; *ran*: it has a run, however old."""

    tenant: str
    name: str
    paused: bool
    ran: bool = True


def dag_of(row: Mapping[str, Any], *, ran: bool = True) -> Dag:
    """Return the DAG that *row* of Airflow's list tells of."""
    tenant, _, name = row["dag_id"].partition(SEPARATOR)
    return Dag(tenant, name, bool(row["is_paused"]), ran)


def idle(airflow: Airflow, since: datetime) -> tuple[Dag, ...]:
    """Return tenants' DAGs that had no run after *since*, sorted, but for paused ones and those that are younger."""
    # The platform's own runs when something is deployed.
    return tuple(sorted(dag for dag in _idle(airflow, since) if dag.tenant != PLATFORM_FOLDER))


def _idle(airflow: Airflow, since: datetime) -> Iterator[Dag]:
    for row in airflow.dags(dag_run_start_date_lt=since.isoformat(), paused="false"):
        yield dag_of(row)
    never = airflow.dags(dag_run_state="none", paused="false")
    # What was deployed a moment ago has not run yet.
    known = airflow.first_versions() if never else {}
    for row in never:
        if known.get(row["dag_id"], since) <= since:
            yield dag_of(row, ran=False)
