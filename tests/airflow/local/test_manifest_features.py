"""What a manifest says about tasks happens on the running platform, under the policy."""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import Any

import psutil
import pytest
from aerodrome.clients.airflow import NotFoundError
from aerodrome.errors import AerodromeError
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import supervision


def touch(platform: Platform, name: str) -> None:
    """Make a file in gamma's data folder, as gamma would."""
    path = platform.layout.homes / "gamma" / "data" / name
    path.touch()
    if platform.layout.root:
        shutil.chown(path, "_gamma")


def gaps(attempts: list[dict[str, Any]]) -> list[float]:
    """Return the seconds between each attempt's end and the beginning of the next."""
    moments = [
        (datetime.fromisoformat(a["start_date"]), datetime.fromisoformat(a["end_date"])) for a in attempts
    ]
    return [(moments[i + 1][0] - moments[i][1]).total_seconds() for i in range(len(moments) - 1)]


def is_running(*command: str) -> bool:
    """Return whether a process with exactly this command runs."""
    return any(found.info["cmdline"] == [*command] for found in psutil.process_iter(["cmdline"]))


@pytest.fixture(scope="module")
def rescheduled(runs: Any, platform: Platform) -> Any:
    """The runs, once the patient sensor has looked for its file in vain; now the file is there."""
    runs.wait(lambda: runs.states("patient") == {"wait": "up_for_reschedule"})
    touch(platform, "sign.txt")
    return runs


def test_a_task_runs_on_the_workers_of_its_queue(rescheduled: Any, platform: Platform) -> None:
    """The task's own queue, that of `defaults`, or an extra one that only environment.yaml names."""
    rescheduled.wait(lambda: set(rescheduled.states("placed").values()) == {"running"})
    tasks = rescheduled.tasks("placed")
    processes = supervision.client(platform.layout).processes()
    for task, queue in {"extra": "heavy", "of_defaults": "pii", "of_task": "default"}.items():
        above = {process.pid for process in psutil.Process(tasks[task]["pid"]).parents()}
        assert processes[f"worker-{queue}"].pid in above
        if platform.layout.root:
            assert tasks[task]["unixname"] == f"aerodrome-{platform.environment.queues[queue].zone}"
    touch(platform, "go.txt")


def test_execution_timeout_ends_a_task_and_its_processes(runs: Any) -> None:
    """The task fails, and what it had started is gone."""
    (run,) = runs.ended("slow")
    assert (run["state"], runs.states("slow")) == ("failed", {"sleep": "failed"})
    assert "AirflowTaskTimeout" in runs.log("slow", "sleep")
    runs.wait(lambda: not is_running("sleep", "67891"))


def test_dagrun_timeout_fails_a_run(runs: Any) -> None:
    """Its running task is ended too."""
    (run,) = runs.ended("late")
    assert (run["state"], runs.states("late")) == ("failed", {"sleep": "skipped"})
    runs.wait(lambda: not is_running("sleep", "67890"))


def test_a_teardown_clears_away_after_a_failure(runs: Any, platform: Platform) -> None:
    """What the setup made is gone, and the run is failed all the same."""
    (run,) = runs.ended("cleanup")
    states = {"create": "success", "use": "failed", "after": "upstream_failed", "remove": "success"}
    assert (run["state"], runs.states("cleanup")) == ("failed", states)
    assert not (platform.layout.homes / "gamma/data/place").exists()


@pytest.mark.parametrize(
    ("task", "value"),
    [
        ("from_result[0]", 2),
        ("from_result[1]", 4),
        ("from_list[0]", 20),
        ("from_list[1]", 40),
        ("from_list[2]", 60),
    ],
)
def test_a_task_is_mapped_over_a_result_and_over_a_list(runs: Any, task: str, value: int) -> None:
    """Each copy gets its own element."""
    runs.ended("values")
    name, _, index = task.rstrip("]").partition("[")
    assert runs.result("values", name, map_index=int(index)) == value


def test_one_key_of_a_result_is_handed_on(runs: Any) -> None:
    """The sum of all mapped copies, as `$x` with a key reads it."""
    runs.ended("values")
    assert runs.result("values", "total", "sum") == 126 == runs.result("values", "large")


def test_max_active_tis_per_dag_keeps_copies_apart(runs: Any, one_by_one: Any) -> None:
    """With one at a time none begins before another has ended."""
    runs.ended("values")
    tasks = runs.tasks("values")
    assert one_by_one(tasks[f"from_list[{index}]"] for index in range(3))


def test_a_branch_skips_what_it_does_not_choose(runs: Any) -> None:
    """Where the branches meet, the run goes on."""
    (run,) = runs.ended("values")
    states = runs.states("values")
    assert (run["state"], states["large"], states["small"], states["met"]) == (
        "success",
        "success",
        "skipped",
        "success",
    )


def test_a_function_gets_the_variable_that_its_task_names(runs: Any) -> None:
    """Out of the secrets store; what it gives back of it is hidden."""
    runs.ended("values")
    assert runs.result("values", "token") == {"token": "***", "length": len("of-gamma")}


def test_a_manifest_describes_itself(runs: Any) -> None:
    """Description, documentation, tags and owner are what people see in Airflow."""
    dag = runs.call("GET", "dags/gamma.values/details")
    assert (dag["description"], dag["doc_md"]) == ("Results that go from task to task.", "# Values")
    assert {tag["name"] for tag in dag["tags"]} == {"numbers", "tenant:gamma"} and dag["owners"] == [
        "Team gamma"
    ]
    assert runs.call("GET", "dags/gamma.values/tasks/rows")["doc_md"] == "Two rows."


RULES = {
    "all_success": "success", "all_success_not": "upstream_failed",
    "all_failed": "success", "all_failed_not": "skipped",
    "all_done": "success",
    "all_skipped": "success", "all_skipped_not": "skipped",
    "one_failed": "success", "one_failed_not": "skipped",
    "one_success": "success", "one_success_not": "upstream_failed",
    "one_done": "success", "one_done_not": "skipped",
    "none_failed": "success", "none_failed_not": "upstream_failed",
    "min_one": "success", "min_one_not": "skipped",
    "none_skipped": "success", "none_skipped_not": "skipped",
    "always": "success",
    "done_min_one": "success", "done_min_one_not": "upstream_failed",
}  # fmt: skip


def test_each_trigger_rule_lets_a_task_run_or_not(runs: Any) -> None:
    """After one task that succeeded, one that failed and one that was skipped."""
    runs.ended("rules")
    states = runs.states("rules")
    assert {task: states[task] for task in ("good", "bad", "skipped")} == {
        "good": "success", "bad": "failed", "skipped": "skipped",
    }  # fmt: skip
    assert {task: states[task] for task in RULES} == RULES


def test_a_pool_of_one_slot_runs_one_task_at_a_time(runs: Any, one_by_one: Any) -> None:
    """The one of the highest weight first."""
    runs.ended("pools")
    tasks = runs.tasks("pools")
    begun = sorted(("a_low", "b_middle", "c_high"), key=lambda task: tasks[task]["start_date"])
    assert begun == ["c_high", "b_middle", "a_low"] and one_by_one(tasks[task] for task in begun)


def test_a_task_takes_its_pool_slots(runs: Any, one_by_one: Any) -> None:
    """Two tasks of two slots each do not fit into a pool of two."""
    runs.ended("pools")
    assert one_by_one(runs.tasks("pools")[task] for task in ("one_wide", "other_wide"))


def test_max_active_tasks_and_groups_order_a_run(runs: Any, one_by_one: Any) -> None:
    """One task at a time, and what needs a group comes after all of it."""
    runs.ended("narrow")
    tasks = runs.tasks("narrow")
    assert (
        one_by_one(tasks.values()) and max(tasks.values(), key=lambda row: row["start_date"]) == tasks["last"]
    )


def test_a_run_takes_only_params_that_fit(runs: Any) -> None:
    """What does not is refused before a run exists."""
    for bad in ({"number": 9}, {"number": "two"}, {"word": "blue"}):
        with pytest.raises(AerodromeError, match=r": 4\d\d "):
            runs.airflow.trigger("gamma.params", bad)
    assert len(runs.of("params")) == 1


def test_params_and_values_reach_a_task(runs: Any) -> None:
    """Through templates."""
    runs.ended("params")
    assert runs.result("params", "say") == "1 red north"


def test_dag_trigger_starts_a_dag_of_the_same_tenant(runs: Any) -> None:
    """With the params that it says, and waits for the end."""
    runs.ended("starter")
    (run,) = runs.of("started")
    assert (run["run_type"], run["state"], runs.result("started", "say")) == (
        "operator_triggered",
        "success",
        "green",
    )
    assert runs.states("starter") == {"start": "success"}
    assert runs.tasks("starter")["start"]["end_date"] > run["end_date"]


def test_a_dag_that_no_manifest_names_is_not_started_by_another(runs: Any) -> None:
    """Not even by one of the platform's own."""
    run = runs.airflow.trigger("platform.intruder")["dag_run_id"]
    runs.wait(lambda: runs.airflow.run("platform.intruder", run)["state"] == "failed")
    assert "it belongs to another tenant" in runs.airflow.log("platform.intruder", run, "start", 1)
    assert all(run["run_type"] == "manual" for run in runs.of("params"))


def test_a_dag_that_is_not_enabled_is_not_there(runs: Any) -> None:
    """Here its manifest says so for this environment."""
    with pytest.raises(NotFoundError):
        runs.airflow.dag("gamma.off")


def test_a_task_logs_under_its_tenants_name(runs: Any) -> None:
    """In a field of each line, by which lines can be told apart."""
    runs.ended("params")
    lines = runs.call("GET", f"{runs.path('params', 'say')}/logs/1", params={"full_content": True})["content"]
    assert any(
        "gamma" in line.get("logger", "").split(".") and "1 red north" in line["event"] for line in lines
    )


def test_retries_wait_longer_each_time(runs: Any) -> None:
    """At least twice as long as before."""
    runs.ended("retried")
    attempts = runs.call("GET", f"{runs.path('retried', 'growing')}/tries")["task_instances"]
    assert [attempt["try_number"] for attempt in attempts] == [1, 2, 3, 4]
    first, second, third = gaps(attempts)
    assert first >= 2 and second >= 4 and third >= 8


def test_max_retry_delay_ends_the_growth(runs: Any) -> None:
    """Without it the second gap would be 20 seconds or more."""
    runs.ended("retried")
    attempts = runs.call("GET", f"{runs.path('retried', 'capped')}/tries")["task_instances"]
    assert len(attempts) == 3 and all(10 <= gap < 20 for gap in gaps(attempts))


def test_a_rescheduled_sensor_looks_again(rescheduled: Any) -> None:
    """After its poke_interval it finds the file."""
    (run,) = rescheduled.ended("patient")
    assert run["state"] == "success" and rescheduled.log("patient", "wait").count("Looking for sign.txt") == 2
