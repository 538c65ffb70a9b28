"""Each DAG that never ran, run once: what a newcomer sees working, and the proof that a deploy works."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError, counted
from aerodrome.local import asset_schedule

Say = Callable[[str], None]
Standing = Literal["runs", "due", "rests", "open", "paused"]
FINAL = ("success", "failed")
VISIBLE_SECONDS = 90
STARTED_BY_OTHERS = frozenset({"asset_triggered", "operator_triggered"})
# A task that begins again by itself, when what it waits for has happened.
RESTING = frozenset({"deferred", "up_for_reschedule"})
ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
_TOLD: Mapping[Standing, str] = {
    "runs": "should have ended by now",
    "due": "should have begun by now: the data that starts it is there",
    "rests": "waits for something outside",
    "open": "nothing has started it yet",
    "paused": "is paused",
}


@dataclass(frozen=True)
class Patience:
    """Seconds without the end of any run after which a deploy stops waiting for a DAG.

    *runs*: its run is at work; *due*: all the data is there that starts it; *rests*: its tasks wait for something
    outside. *look* is the time between two looks.
    """

    runs: float = 300
    due: float = 60
    rests: float = 20
    look: float = 1

    def with_one_that(self, standing: Standing) -> float:
        """Return the seconds for a DAG that stands so; none where its run is not asked for."""
        return {"runs": self.runs, "due": self.due, "rests": self.rests}.get(standing, 0)


@dataclass(frozen=True)
class FirstRuns:
    """DAGs whose first run *failed*, is *overdue* (it should have ended) or *open*: it waits for others."""

    failed: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class DagRow:
    """One DAG and its newest run; *run* and *state* are empty where it never ran, *seconds* where it has not ended."""

    tenant: str
    dag: str
    run: str = ""
    state: str = ""
    seconds: float | None = None


def wait_visible(
    airflow: Airflow, wanted: Collection[str], say: Say, seconds: float = VISIBLE_SECONDS
) -> None:
    """Wait until Airflow lists all of *wanted*; AerodromeError names the ones it does not."""
    end = time.monotonic() + seconds
    while missing := sorted(set(wanted) - {row["dag_id"] for row in airflow.dags()}):
        if time.monotonic() > end:
            errors = "\n".join(f"{row['filename']}: {row['stack_trace']}" for row in airflow.import_errors())
            raise AerodromeError(
                f"Airflow does not show {', '.join(missing)}\n{errors}", "see `make logs ENV=local`"
            )
        say(f"waiting for {counted(len(missing), 'DAG')} to appear")
        time.sleep(1)


def run_new_dags(
    airflow: Airflow, wanted: Collection[str], say: Say, patience: Patience | None = None
) -> FirstRuns:
    """See each of *wanted* that never ran through its first run, and return how that went.

    A DAG that data or another DAG starts is not started here. Once the data is there it must run as well; one
    that nothing has asked for, or that is paused, is left open.
    """
    new = [dag_id for dag_id in sorted(wanted) if _is_new(airflow, dag_id)]
    by_hand = [dag_id for dag_id in new if _starts_by_hand(airflow.dag(dag_id))]
    for dag_id in by_hand:
        if not airflow.runs(dag_id, 1):
            airflow.trigger(dag_id)
    if by_hand:
        say(f"first run of {', '.join(by_hand)}")
    return _follow(airflow, new, say, patience or Patience())


def _is_new(airflow: Airflow, dag_id: str) -> bool:
    return all(run["state"] not in FINAL for run in airflow.runs(dag_id, 5))


def _starts_by_hand(dag: Mapping[str, Any]) -> bool:
    allowed = set(dag.get("allowed_run_types") or ("manual",))
    return "manual" in allowed and not allowed & STARTED_BY_OTHERS and not dag.get("is_paused")


def _follow(airflow: Airflow, dag_ids: Iterable[str], say: Say, patience: Patience) -> FirstRuns:
    waiting, failed = set(dag_ids), []
    since = time.monotonic()
    while True:
        states = {dag_id: _state(airflow, dag_id) for dag_id in sorted(waiting)}
        for dag_id in [dag_id for dag_id, state in states.items() if state in FINAL]:
            waiting.discard(dag_id)
            failed += [dag_id] if states[dag_id] == "failed" else []
            say(f"{dag_id}: {states[dag_id]}")
            since = time.monotonic()
        quiet = time.monotonic() - since
        # While a run is at work for a short time there is no need to ask more.
        if quiet >= patience.rests or not any(states[dag_id] for dag_id in waiting):
            standing = {dag_id: _standing(airflow, dag_id) for dag_id in sorted(waiting)}
            if all(quiet >= patience.with_one_that(found) for found in standing.values()):
                return _result(tuple(failed), standing, say)
        time.sleep(patience.look)


def _state(airflow: Airflow, dag_id: str) -> str:
    runs = airflow.runs(dag_id, 1)
    return str(runs[0]["state"]) if runs else ""


def _standing(airflow: Airflow, dag_id: str) -> Standing:
    if airflow.dag(dag_id).get("is_paused"):
        return "paused"
    runs = airflow.runs(dag_id, 1)
    if not runs:
        return "due" if asset_schedule.is_due(airflow, dag_id) else "open"
    return "rests" if _rests(airflow.task_instances(dag_id, runs[0]["dag_run_id"])) else "runs"


def _rests(tasks: Iterable[Mapping[str, Any]]) -> bool:
    at_work = {task["state"] for task in tasks} - ENDED - {None}
    return bool(at_work) and at_work <= RESTING


def _result(failed: tuple[str, ...], standing: Mapping[str, Standing], say: Say) -> FirstRuns:
    for dag_id, found in standing.items():
        say(f"{dag_id}: {_TOLD[found]}")
    overdue = tuple(dag_id for dag_id, found in standing.items() if found in ("runs", "due"))
    return FirstRuns(failed, overdue, tuple(dag_id for dag_id in standing if dag_id not in overdue))


def newest_runs(airflow: Airflow, dag_ids: Iterable[str]) -> tuple[DagRow, ...]:
    """Return each DAG with its newest run, sorted."""
    return tuple(_row(dag_id, next(iter(airflow.runs(dag_id, 1)), {})) for dag_id in sorted(dag_ids))


def _row(dag_id: str, run: Mapping[str, Any]) -> DagRow:
    tenant, _, name = dag_id.partition(".")
    return DagRow(tenant, name, run.get("dag_run_id", ""), run.get("state", ""), _seconds(run))


def _seconds(run: Mapping[str, Any]) -> float | None:
    if not run.get("start_date") or not run.get("end_date"):
        return None
    begun, ended = (datetime.fromisoformat(run[key]) for key in ("start_date", "end_date"))
    return (ended - begun).total_seconds()
