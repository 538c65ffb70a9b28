"""Each DAG that never ran, run once: what a newcomer sees working, and the proof that a deploy works."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError, counted

Say = Callable[[str], None]
FINAL = ("success", "failed")
VISIBLE_SECONDS = 90
RUN_SECONDS = 300
# How long a DAG that others start may take to begin after they have ended.
START_SECONDS = 20
STARTED_BY_OTHERS = frozenset({"asset_triggered", "operator_triggered"})


@dataclass(frozen=True)
class DagRow:
    """One DAG and its newest run, as text for a table."""

    tenant: str
    dag: str
    run: str
    state: str
    took: str


def wait_visible(airflow: Airflow, wanted: Collection[str], say: Say) -> None:
    """Wait until Airflow lists all of *wanted*; AerodromeError names the ones it does not."""
    end = time.monotonic() + VISIBLE_SECONDS
    while missing := sorted(set(wanted) - {row["dag_id"] for row in airflow.dags()}):
        if time.monotonic() > end:
            errors = "\n".join(f"{row['filename']}: {row['stack_trace']}" for row in airflow.import_errors())
            raise AerodromeError(
                f"Airflow does not show {', '.join(missing)}\n{errors}", "see `make logs ENV=local`"
            )
        say(f"waiting for {counted(len(missing), 'DAG')} to appear")
        time.sleep(1)


def run_new_dags(airflow: Airflow, wanted: Collection[str], say: Say) -> tuple[str, ...]:
    """See each of *wanted* that never ran through its first run, and return the ones whose run failed.

    A DAG that data or another DAG starts is not started here, only waited for.
    """
    new = [dag_id for dag_id in sorted(wanted) if _is_new(airflow, dag_id)]
    by_hand = [dag_id for dag_id in new if _starts_by_hand(airflow.dag(dag_id))]
    for dag_id in by_hand:
        if not airflow.runs(dag_id, 1):
            airflow.trigger(dag_id)
    if by_hand:
        say(f"first run of {', '.join(by_hand)}")
    failed = _wait_ended(airflow, by_hand, say)
    # What these runs started in turn has begun by now, or waits for something that has not happened.
    return failed + _wait_ended(airflow, [dag_id for dag_id in new if dag_id not in by_hand], say)


def _is_new(airflow: Airflow, dag_id: str) -> bool:
    return all(run["state"] not in FINAL for run in airflow.runs(dag_id, 5))


def _starts_by_hand(dag: Mapping[str, Any]) -> bool:
    allowed = set(dag.get("allowed_run_types") or ("manual",))
    return "manual" in allowed and not allowed & STARTED_BY_OTHERS and not dag.get("is_paused")


def _wait_ended(airflow: Airflow, dag_ids: Iterable[str], say: Say) -> tuple[str, ...]:
    waiting, failed = set(dag_ids), []
    begun = time.monotonic()
    while waiting and time.monotonic() < begun + RUN_SECONDS:
        states = {dag_id: _state(airflow, dag_id) for dag_id in sorted(waiting)}
        for dag_id in (dag_id for dag_id, state in states.items() if state in FINAL):
            waiting.discard(dag_id)
            say(f"{dag_id}: {states[dag_id]}")
            failed += [dag_id] if states[dag_id] == "failed" else []
        if all(state is None for state in states.values()) and time.monotonic() > begun + START_SECONDS:
            break
        time.sleep(1 if waiting else 0)
    if waiting:
        say(f"not ended yet: {', '.join(sorted(waiting))}; see `make status`")
    return tuple(failed)


def _state(airflow: Airflow, dag_id: str) -> str | None:
    runs = airflow.runs(dag_id, 1)
    return str(runs[0]["state"]) if runs else None


def newest_runs(airflow: Airflow, dag_ids: Iterable[str]) -> tuple[DagRow, ...]:
    """Return each DAG with its newest run."""
    return tuple(_row(dag_id, next(iter(airflow.runs(dag_id, 1)), {})) for dag_id in sorted(dag_ids))


def _row(dag_id: str, run: dict[str, Any]) -> DagRow:
    tenant, _, name = dag_id.partition(".")
    return DagRow(tenant, name, run.get("dag_run_id", "never ran"), run.get("state", ""), _took(run))


def _took(run: dict[str, Any]) -> str:
    if not run.get("start_date") or not run.get("end_date"):
        return ""
    seconds = (
        datetime.fromisoformat(run["end_date"]) - datetime.fromisoformat(run["start_date"])
    ).total_seconds()
    return f"{seconds:.0f} s"
