"""What a manifest says about runs: when they start, how many there are, what they wait for, who hears of a failure."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from aerodrome.local.machine.platform import Platform


def alerts(platform: Platform, channel: str, run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a channel heard of *run*."""
    lines = (platform.layout.alerts / f"{channel}.jsonl").read_text().splitlines()
    return [
        found
        for found in map(json.loads, lines)
        if (found["dag_id"], found["run_id"]) == (run["dag_id"], run["dag_run_id"])
    ]


def logical_dates(runs: list[dict[str, Any]]) -> list[datetime]:
    """Return the moments that *runs* are due at."""
    return [datetime.fromisoformat(run["logical_date"]) for run in runs]


@pytest.mark.parametrize(("dag", "task", "kind"), [("cleanup", "use", "failure"), ("late", None, "timeout")])
def test_each_channel_hears_once_of_a_failed_run(
    runs: Any, platform: Platform, dag: str, task: str | None, kind: str
) -> None:
    """The central one and the tenant's own, with DAG, run and task."""
    (run,) = runs.ended(dag)
    runs.wait(lambda: alerts(platform, "central", run) and alerts(platform, "gamma", run))
    (central,), (own,) = alerts(platform, "central", run), alerts(platform, "gamma", run)
    assert central == own and (own["tenant"], own["kind"]) == ("gamma", kind)
    assert task is None or own["task_id"] == task


def test_a_failed_run_has_its_file_parsed_once_at_most(runs: Any, platform: Platform) -> None:
    """Its callback is no reason to parse it in each round of the DAG processor from then on."""
    (run,) = runs.ended("cleanup")
    runs.wait(lambda: alerts(platform, "central", run))
    parsed = {runs.airflow.dag("gamma.cleanup")["last_parsed_time"]}
    for _ in range(3):
        time.sleep(1)
        parsed.add(runs.airflow.dag("gamma.cleanup")["last_parsed_time"])
    assert len(parsed) <= 2


def test_catchup_makes_the_runs_that_were_missed(runs: Any) -> None:
    """All from start_date to end_date, and no other."""
    runs.wait(lambda: len(runs.of("past")) == 2)
    first, second = sorted(logical_dates(runs.of("past")))
    assert (first, second) == (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC))


def test_depends_on_past_waits_for_the_run_before(runs: Any) -> None:
    """Once the same task of that run has succeeded, the next one starts."""
    runs.wait(
        lambda: runs.states("past")["chained"] == "failed" and runs.states("past", 1)["free"] == "success"
    )
    assert runs.states("past", 1)["chained"] is None
    runs.call("PATCH", runs.path("past", "chained"), json={"new_state": "success"})
    runs.wait(lambda: runs.states("past", 1)["chained"] == "success")


def test_a_dag_is_due_in_its_own_time_zone(runs: Any) -> None:
    """Nine in Tokyo is midnight in UTC; end_date is read there too."""
    runs.wait(lambda: runs.of("tokyo"))
    assert logical_dates(runs.of("tokyo")) == [datetime(2024, 7, 1, tzinfo=UTC)]


def test_without_catchup_only_the_last_run_is_made(runs: Any) -> None:
    """Of the many since start_date, for a schedule by distance."""
    runs.wait(lambda: runs.of("every"))
    assert [run["run_type"] for run in runs.of("every")] == ["scheduled"]


def test_max_active_runs_keeps_runs_apart(runs: Any, one_by_one: Any) -> None:
    """Three were started at once; with one at a time none begins before another has ended."""
    found = runs.ended("single", 3)
    assert len(found) == 3 and one_by_one(found)


def test_any_asset_starts_a_dag(runs: Any) -> None:
    """Though nothing ever updates the other one."""
    runs.ended("produce")
    found = runs.ended("of_any")
    assert [(run["run_type"], run["state"]) for run in found] == [("asset_triggered", "success")]


def test_all_assets_start_a_dag_together(runs: Any) -> None:
    """One run of both updates; none where one of the assets is never updated."""
    (run,) = runs.ended("of_all")
    events = runs.call("GET", f"dags/gamma.of_all/dagRuns/{run['dag_run_id']}/upstreamAssetEvents")[
        "asset_events"
    ]
    assert {event["name"] for event in events} == {"gamma.first", "gamma.second"}
    assert runs.of("of_all_not") == []


def test_an_asset_knows_its_tasks(runs: Any) -> None:
    """Which produce it and which consume it."""
    (asset,) = runs.call("GET", "assets", params={"name_pattern": "gamma.first"})["assets"]
    assert [task["task_id"] for task in asset["producing_tasks"]] == ["one"]
    assert [task["task_id"] for task in asset["consuming_tasks"]] == ["reader"]
    assert {dag["dag_id"] for dag in asset["scheduled_dags"]} == {
        "gamma.of_any",
        "gamma.of_all",
        "gamma.of_all_not",
    }
