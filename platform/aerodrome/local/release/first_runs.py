"""Each DAG that never ran, run once: what a newcomer sees working, and the proof that a deploy works."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError, counted
from aerodrome.local.release import asset_schedule
from aerodrome.progress import Progress

Standing = Literal["runs", "due", "rests", "gone", "open", "paused"]
FINAL = ("success", "failed")
VISIBLE_SECONDS = 240
STARTED_BY_OTHERS = frozenset({"asset_triggered", "operator_triggered"})
# A task that begins again by itself, when what it waits for has happened.
RESTING = frozenset({"deferred", "up_for_reschedule"})
# A run that Airflow begins by itself within this time is not begun by hand as well.
SOON = timedelta(seconds=10)
_TOLD: Mapping[Standing, str] = {
    "runs": "should have ended by now",
    "due": "should have begun by now: its time, or the data that starts it, has come",
    "rests": "waits for something outside",
    "gone": "was taken away",
    "open": "nothing has started it yet",
    "paused": "is paused",
}


@dataclass(frozen=True)
class Patience:
    """Seconds without the end of any run after which a deploy stops waiting for a DAG.

    *runs*: its run is at work; *due*: all the data is there that starts it; *rests*: its tasks wait for something
    outside; *gone*: Airflow does not list it. *silence*: without any answer, after which a deploy gives up. *look* is
    the time between two looks.
    """

    runs: float = 300
    due: float = 60
    rests: float = 20
    gone: float = 20
    silence: float = 120
    look: float = 1

    def with_one_that(self, standing: Standing) -> float:
        """Return the seconds for a DAG that stands so; none where its run is not asked for."""
        known = {"runs": self.runs, "due": self.due, "rests": self.rests, "gone": self.gone}
        return known.get(standing, 0)


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
    airflow: Airflow, wanted: Collection[str], say: Progress, seconds: float = VISIBLE_SECONDS
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


def begin(airflow: Airflow, wanted: Collection[str], say: Progress) -> tuple[str, ...]:
    """Start those of *wanted* that never ran and may be started by hand, and return all that never ran.

    A DAG that data or another DAG starts is not started here, nor one whose time has come: Airflow does it. A first
    run that is at work is not begun again.
    """
    new = sorted(set(wanted) - airflow.newest_runs(wanted, FINAL).keys())
    dags = _listed(airflow) if new else {}
    expected = [dag_id for dag_id in new if dag_id in dags and _is_expected(dags[dag_id])]
    by_hand = [dag_id for dag_id in expected if not _time_has_come(dags[dag_id])]
    begun = airflow.newest_runs(by_hand)
    for dag_id in by_hand:
        if dag_id not in begun:
            airflow.trigger(dag_id)
    if expected:
        say(f"first run of {', '.join(expected)}")
    return tuple(new)


def _listed(airflow: Airflow) -> dict[str, Mapping[str, Any]]:
    return {row["dag_id"]: row for row in airflow.dags()}


def _time_has_come(dag: Mapping[str, Any]) -> bool:
    after = dag.get("next_dagrun_run_after")
    return bool(after) and datetime.fromisoformat(str(after)) <= datetime.now(UTC) + SOON


def _is_expected(dag: Mapping[str, Any]) -> bool:
    allowed = set(dag.get("allowed_run_types") or ("manual",))
    return "manual" in allowed and not allowed & STARTED_BY_OTHERS and not dag.get("is_paused")


def follow(
    airflow: Airflow, dag_ids: Iterable[str], say: Progress, patience: Patience | None = None
) -> FirstRuns:
    """See each of *dag_ids* through its first run, and return how that went.

    A DAG that data starts must run once the data is there; one that nothing has asked for, that is paused or that
    another deploy took away meanwhile is left open.
    """
    patience = patience or Patience()
    watch = _Watch(airflow, say, patience, set(dag_ids))
    while (found := watch.look()) is None:
        time.sleep(patience.look)
    return found


@dataclass
class _Watch:
    """The runs that are waited for: *since* the last of them ended, *heard*: since Airflow answered."""

    airflow: Airflow
    say: Progress
    patience: Patience
    waiting: set[str]
    failed: list[str] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)

    def look(self) -> FirstRuns | None:
        """Return the result once there is nothing more to wait for."""
        try:
            found = self._result_or_none()
        except AerodromeError as problem:
            # Another deploy, which may have begun meanwhile, restarts the API server.
            if time.monotonic() - self.heard > self.patience.silence:
                raise
            self.say(f"waiting: {problem.args[0]}")
            self.since = time.monotonic()
            return None
        self.heard = time.monotonic()
        return found

    def _result_or_none(self) -> FirstRuns | None:
        at_work = self._still_at_work()
        quiet = time.monotonic() - self.since
        # While a run is at work for a short time there is no need to ask more.
        if at_work and quiet < self.patience.rests:
            return None
        standing = _standings(self.airflow, self.waiting)
        if all(quiet >= self.patience.with_one_that(found) for found in standing.values()):
            return _result(tuple(self.failed), standing, self.say)
        return None

    def _still_at_work(self) -> bool:
        """Tell the runs that have ended and return whether any of the others is at work."""
        runs = self.airflow.newest_runs(self.waiting)
        ended = {dag_id: run["state"] for dag_id, run in sorted(runs.items()) if run["state"] in FINAL}
        for dag_id, state in ended.items():
            self.say(f"{dag_id}: {state}")
            self.since = time.monotonic()
        self.failed += [dag_id for dag_id, state in ended.items() if state == "failed"]
        self.waiting -= ended.keys()
        return len(ended) < len(runs)


def _standings(airflow: Airflow, waiting: Collection[str]) -> dict[str, Standing]:
    """Return how each of *waiting* stands, sorted by name."""
    if not waiting:
        return {}
    dags, runs = _listed(airflow), airflow.newest_runs(waiting)
    at_work = _states(airflow.unfinished_tasks()) if runs else {}
    due = asset_schedule.due(airflow, set(waiting) - runs.keys())
    found: dict[str, Standing] = {}
    for dag_id in sorted(waiting):
        if dag_id not in dags:
            found[dag_id] = "gone"
        elif dags[dag_id].get("is_paused"):
            found[dag_id] = "paused"
        elif dag_id not in runs:
            found[dag_id] = "due" if dag_id in due or _time_has_come(dags[dag_id]) else "open"
        else:
            states = at_work[dag_id, runs[dag_id]["dag_run_id"]]
            found[dag_id] = "rests" if states and states <= RESTING else "runs"
    return found


def _states(tasks: Iterable[Mapping[str, Any]]) -> defaultdict[tuple[str, str], set[str]]:
    """Return DAG and run → the states that tasks of it are in."""
    found = defaultdict(set)
    for task in tasks:
        found[task["dag_id"], task["dag_run_id"]].add(task["state"])
    return found


def _result(failed: tuple[str, ...], standing: Mapping[str, Standing], say: Progress) -> FirstRuns:
    for dag_id, found in standing.items():
        say(f"{dag_id}: {_TOLD[found]}")
    overdue = tuple(dag_id for dag_id, found in standing.items() if found in ("runs", "due"))
    return FirstRuns(failed, overdue, tuple(dag_id for dag_id in standing if dag_id not in overdue))


def newest_runs(airflow: Airflow, dag_ids: Iterable[str]) -> tuple[DagRow, ...]:
    """Return each DAG with its newest run, sorted."""
    wanted = sorted(dag_ids)
    runs = airflow.newest_runs(wanted)
    return tuple(_row(dag_id, runs.get(dag_id, {})) for dag_id in wanted)


def _row(dag_id: str, run: Mapping[str, Any]) -> DagRow:
    tenant, _, name = dag_id.partition(".")
    return DagRow(tenant, name, run.get("dag_run_id", ""), run.get("state", ""), _seconds(run))


def _seconds(run: Mapping[str, Any]) -> float | None:
    if not run.get("start_date") or not run.get("end_date"):
        return None
    begun, ended = (datetime.fromisoformat(run[key]) for key in ("start_date", "end_date"))
    return (ended - begun).total_seconds()
