"""What Airflow itself tells: how full the queues are, which files do not import, which DAGs fail or run no more.

A handful of requests, each for all DAGs at once: their number depends on pages of a hundred rows alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aerodrome.bundle import tenant_of
from aerodrome.clients.airflow import Airflow
from aerodrome.clients.airflow_dags import Dag, dag_of
from aerodrome.clients.airflow_dags import idle as idle_dags

_QUEUED, _RUNNING = "queued", "running"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Queue:
    """A queue: tasks that wait for a worker, seconds that the first of them has waited (None: none waits), and at work.

    *known*: the environment has it; in another one tasks wait for ever.
    """

    name: str
    queued: int
    oldest_seconds: int | None
    running: int
    known: bool = True


@dataclass(frozen=True, order=True)
class NotImported:
    """A file of the bundle from which Airflow gets no DAG; *tenant* is empty for a file in no tenant's folder."""

    tenant: str
    file: str
    said: str


@dataclass(frozen=True)
class Heard:
    """All of that at one moment; *unhealthy*: part of Airflow → its last sign of life, of those that give none now."""

    unhealthy: Mapping[str, str]
    queues: tuple[Queue, ...]
    not_imported: tuple[NotImported, ...]
    failing: tuple[Dag, ...]
    idle: tuple[Dag, ...]


def heard(airflow: Airflow, queues: Collection[str], idle: timedelta, now: datetime) -> Heard:
    """Return what *airflow* tells; *queues* are the environment's, *idle* is how long a DAG may go without a run."""
    return Heard(
        unhealthy(airflow.health()),
        tuple(filled(queues, airflow.tasks_in((_QUEUED, _RUNNING)), now)),
        tuple(sorted(_not_imported(row) for row in airflow.import_errors())),
        tuple(sorted(dag_of(row) for row in airflow.dags(last_dag_run_state="failed"))),
        idle_dags(airflow, now - idle),
    )


def unhealthy(health: Mapping[str, Row]) -> dict[str, str]:
    """Return part → when it last gave a sign of life, of the parts in *health* that are there and give none."""
    return {
        part: next((str(value) for key, value in found.items() if "heartbeat" in key and value), "")
        for part, found in sorted(health.items())
        if found.get("status") == "unhealthy"
    }


def filled(queues: Iterable[str], tasks: Iterable[Row], now: datetime) -> Iterator[Queue]:
    """Yield *queues* and all others that *tasks*, queued and running ones, are on, by name."""
    known, rows = set(queues), list(tasks)
    for name in sorted(known | {str(row["queue"]) for row in rows}):
        here = [row for row in rows if row["queue"] == name]
        since = [row["queued_when"] for row in here if row["state"] == _QUEUED]
        running = sum(row["state"] == _RUNNING for row in here)
        yield Queue(name, len(since), _oldest(since, now), running, name in known)


def _oldest(since: Iterable[str | None], now: datetime) -> int | None:
    moments = [datetime.fromisoformat(one) for one in since if one]
    return max(0, int((now - min(moments)).total_seconds())) if moments else None


def _not_imported(row: Row) -> NotImported:
    return NotImported(tenant_of(row["filename"]), row["filename"], said(row["stack_trace"] or ""))


def said(trace: str) -> str:
    """Return the line of *trace* that says what is wrong: its first, or of a traceback the one that names the error."""
    lines = [line.rstrip() for line in trace.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("Traceback"):
        return lines[0].strip() if lines else ""
    places = [position for position, line in enumerate(lines) if line.startswith('  File "')]
    after = lines[max(places, default=0) + 1 :]
    return next((line for line in after if not line.startswith(" ")), lines[-1].strip())
