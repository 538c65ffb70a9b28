"""Every field of a manifest has an effect on the DAG that Airflow imports."""

from __future__ import annotations

import typing
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aerodrome.manifest.dag import TriggerRule

EMPTY = "{id: a, uses: flow.empty}"
CALL = 'uses: python.call, with: {function: "flights.jobs:run"}'


def test_cron_with_timezone_runs_by_the_wall_clock_there(dag_of: Any) -> None:
    """The schedule is read in the manifest's time zone and the start date lies in it."""
    dag = dag_of(schedule='"0 6 * * *"', timezone="Europe/Berlin", start_date='"2024-01-31"')
    assert (dag.timetable.expression, dag.timetable.timezone.name) == ("0 6 * * *", "Europe/Berlin")
    assert dag.start_date == datetime(2024, 1, 31, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("schedule", "timetable"),
    [
        ('"@daily"', "CronTriggerTimetable"),
        ('"@once"', "OnceTimetable"),
        ('"@continuous"', "ContinuousTimetable"),
        ("{every: 90m}", "DeltaTriggerTimetable"),
        ("null", "NullTimetable"),
        ("{all_assets: [x]}", "AssetTriggeredTimetable"),
    ],
)
def test_each_kind_of_schedule_becomes_airflow_s(dag_of: Any, schedule: str, timetable: str) -> None:
    """Presets, distances, assets and none."""
    dag = dag_of(
        f"{EMPTY}, {{id: p, uses: flow.empty, produces: [x]}}", schedule=schedule, start_date='"2024-01-01"'
    )
    assert type(dag.timetable).__name__ == timetable


def test_every_is_the_distance_of_the_runs(dag_of: Any) -> None:
    """`{every: 1h30m}` is a timedelta."""
    assert dag_of(schedule="{every: 1h30m}", start_date='"2024-01-01"').schedule == timedelta(
        hours=1, minutes=30
    )


@pytest.mark.parametrize(("key", "kind"), [("all_assets", "AssetAll"), ("any_asset", "AssetAny")])
def test_assets_schedule_all_or_any(dag_of: Any, key: str, kind: str) -> None:
    """Assets carry the tenant's prefix."""
    tasks = "{id: a, uses: flow.empty, produces: [x, y]}"
    condition = dag_of(tasks, schedule=f"{{{key}: [x, y]}}").timetable.asset_condition
    assert (type(condition).__name__, [asset.name for asset in condition.objects]) == (
        kind,
        ["flights.x", "flights.y"],
    )


def test_end_date_with_an_offset_is_told_in_the_dag_s_timezone(dag_of: Any) -> None:
    """The moment stays the same."""
    dag = dag_of(
        schedule='"@daily"',
        start_date='"2024-01-01"',
        end_date='"2024-06-30T22:00:00+00:00"',
        timezone="Europe/Berlin",
    )
    assert dag.end_date == datetime(2024, 7, 1, tzinfo=ZoneInfo("Europe/Berlin"))


def test_catchup_and_the_limits_of_runs(dag_of: Any) -> None:
    """catchup, max_active_runs, max_active_tasks and dagrun_timeout reach the DAG."""
    limits = {"max_active_runs": "2", "max_active_tasks": "3", "dagrun_timeout": "2h"}
    dag = dag_of(schedule='"@daily"', start_date='"2024-01-01"', catchup="true", **limits)
    assert (dag.catchup, dag.max_active_runs, dag.max_active_tasks) == (True, 2, 3)
    assert dag.dagrun_timeout == timedelta(hours=2)


def test_description_docs_and_tags(dag_of: Any) -> None:
    """Texts for people; the tenant's tag is added."""
    dag = dag_of(description="Daily load", doc_md='"# Title\\n\\nText\\n"', tags="[sql, daily]")
    assert (dag.description, dag.doc_md) == ("Daily load", "# Title\n\nText\n")
    assert dag.tags == {"tenant:flights", "sql", "daily"}


def test_params_keep_their_schema(dag_of: Any) -> None:
    """Params with a schema become Param, plain values stay."""
    dag = dag_of(
        params='{day: {default: "2024-01-01", type: string, format: date, title: Day, minLength: 4}, n: 3}'
    )
    day = dag.params.get_param("day")
    assert (day.value, day.schema) == (
        "2024-01-01",
        {"type": "string", "format": "date", "title": "Day", "minLength": 4},
    )
    assert dag.params["n"] == 3


@pytest.mark.parametrize("where", ["task", "defaults"])
def test_settings_of_a_task_and_of_the_defaults(dag_of: Any, where: str) -> None:
    """Retries, delays, time limit, pool, slots, priority, queue, trigger rule and depends_on_past."""
    said = (
        "queue: onprem, pool: heavy, pool_slots: 2, priority_weight: 7, retries: 3, retry_delay: 30s, "
        "retry_exponential_backoff: true, max_retry_delay: 10m, execution_timeout: 45m, "
        "trigger_rule: all_done, depends_on_past: true"
    )
    task = "{id: a, uses: flow.empty" + (f", {said}}}" if where == "task" else "}")
    dag = dag_of(task, **({"defaults": f"{{{said}}}"} if where == "defaults" else {}))
    a = dag.get_task("a")
    assert (a.queue, a.pool, a.pool_slots, a.priority_weight, a.retries) == (
        "onprem",
        "flights.heavy",
        2,
        7,
        3,
    )
    assert (a.retry_delay, a.max_retry_delay) == (timedelta(seconds=30), timedelta(minutes=10))
    assert (a.retry_exponential_backoff, a.execution_timeout) == (2.0, timedelta(minutes=45))
    assert (a.trigger_rule.value, a.depends_on_past) == ("all_done", True)


RULES = typing.get_args(TriggerRule)
# Airflow gives it to teardowns, which are written as teardown_of; on another task it would be one in disguise.
NOT_FOR_AUTHORS = {"all_done_setup_success"}


@pytest.mark.parametrize("rule", RULES)
def test_each_trigger_rule_reaches_the_task(dag_of: Any, rule: str) -> None:
    """Of a task, and of a mapped one."""
    dag = dag_of(
        f"{EMPTY}, {{id: b, uses: flow.empty, needs: [a], trigger_rule: {rule}}}, "
        f"{{id: c, {CALL}, needs: [a], trigger_rule: {rule}, expand: {{args: [{{n: 1}}]}}}}"
    )
    assert [dag.get_task(name).trigger_rule for name in ("b", "c")] == [rule, rule]


def test_all_of_airflow_s_trigger_rules_are_there_but_one() -> None:
    """A rule that a later Airflow adds is taken or refused on purpose."""
    from airflow.sdk import TriggerRule as Airflows

    assert {rule.value for rule in Airflows} - set(RULES) == NOT_FOR_AUTHORS
    assert set(RULES) <= {rule.value for rule in Airflows}


def test_a_teardown_has_the_rule_that_no_author_writes(dag_of: Any) -> None:
    """By `teardown_of`."""
    dag = dag_of("{id: up, uses: flow.empty, setup: true}, {id: down, uses: flow.empty, teardown_of: [up]}")
    assert {dag.get_task("down").trigger_rule.value} == NOT_FOR_AUTHORS


def test_what_no_author_writes_is_there(dag_of: Any) -> None:
    """Owner, pool, queue, time limit, retries, log field, access, run types, alerts."""
    dag = dag_of()
    task = dag.get_task("a")
    assert (task.owner, task.pool, task.queue, task.retries) == ("Flight data", "flights", "default", 0)
    assert (task.execution_timeout, task._logger_name) == (timedelta(hours=2), "flights")
    assert set(dag.access_control) == {"flights.viewer", "flights.editor", "flights.admin"}
    assert {kind.value for kind in dag.allowed_run_types} == {"manual"}
    assert (dag.max_active_runs, dag.on_failure_callback.channels) == (4, ("central", "team"))


def test_needs_make_the_edges(dag_of: Any) -> None:
    """Fan out and fan in."""
    needs = {"b": "a", "c": "a", "d": "a", "e": "b, c", "f": "e"}
    dag = dag_of(
        ", ".join([EMPTY, *(f"{{id: {n}, uses: flow.empty, needs: [{s}]}}" for n, s in needs.items())])
    )
    edges = {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks}
    assert edges == {"a": [], "b": ["a"], "c": ["a"], "d": ["a"], "e": ["b", "c"], "f": ["e"]}


def test_task_groups_nest_and_can_be_needed(dag_of: Any) -> None:
    """A task that needs a group comes after all of it; ids stay as they are."""
    dag = dag_of(
        "{id: a, uses: flow.empty, group: inner}, {id: b, uses: flow.empty, group: outer}, "
        "{id: c, uses: flow.empty, needs: [outer]}",
        task_groups="[{id: outer, tooltip: All}, {id: inner, parent: outer}]",
    )
    group = dag.task_group.children["outer"]
    assert (group.tooltip, set(group.children), set(group.children["inner"].children)) == (
        "All",
        {"inner", "b"},
        {"a"},
    )
    assert dag.get_task("c").upstream_task_ids == {"a", "b"}


def test_reference_reads_xcom_and_ties_the_tasks(dag_of: Any) -> None:
    """A reference to a result, and one to a key, deep inside a value."""
    dag = dag_of(
        "{id: one, uses: python.call, with: {function: 'flights.jobs:run', outputs: [rows]}}, "
        "{id: two, uses: python.call, needs: [one], with: {function: 'flights.jobs:run', "
        "args: {all: {$x: one}, deep: [{rows: {$x: {task: one, key: rows}}}]}}}"
    )
    args = dag.get_task("two").args
    assert (args["all"].operator.task_id, args["all"].key) == ("one", "return_value")
    assert (args["deep"][0]["rows"].key, dag.get_task("two").upstream_task_ids) == ("rows", {"one"})


def test_reference_to_a_task_further_down_the_file_and_across_groups(dag_of: Any) -> None:
    """The file defines a task before the ones that read it, and opens a group again where it must."""
    read = 'uses: python.call, with: {function: "flights.jobs:run", args: {n: {$x: %s}}}'
    dag = dag_of(
        f"{{id: last, needs: [middle], group: g, {read % 'middle'}}}, {{id: first, group: g, {CALL}}}, "
        f"{{id: middle, needs: [first], {read % 'first'}}}",
        task_groups="[{id: g}]",
    )
    assert set(dag.task_group.children["g"].children) == {"first", "last"}
    assert (dag.get_task("last").upstream_task_ids, dag.get_task("middle").upstream_task_ids) == (
        {"middle"},
        {"first"},
    )


def test_expand_maps_a_task_over_a_list_and_over_a_result(dag_of: Any) -> None:
    """One mapped task per element."""
    dag = dag_of(
        f"{{id: one, {CALL}, max_active_tis_per_dag: 2, expand: {{args: [{{n: 1}}, {{n: 2}}]}}}}, "
        f"{{id: two, needs: [one], {CALL}, expand: {{args: {{$x: one}}}}}}"
    )
    one, two = dag.get_task("one"), dag.get_task("two")
    assert (one.is_mapped, one.expand_input.value) == (True, {"args": [{"n": 1}, {"n": 2}]})
    assert (one.max_active_tis_per_dag, one.partial_kwargs["function"]) == (2, "flights.jobs:run")
    assert (two.expand_input.value["args"].operator.task_id, one.pool, one.queue) == (
        "one",
        "flights",
        "default",
    )


def test_branch_sensor_and_trigger(dag_of: Any, workspace: Any) -> None:
    """flow.branch, file.wait and dag.trigger; the triggered DAG allows such runs."""
    workspace.add_dag("dag_id: other\ntasks: [{id: a, uses: flow.empty}]\n", "other.yaml")
    dag = dag_of(
        "{id: b, uses: flow.branch, with: {choose: a}}, {id: a, uses: flow.empty, needs: [b]}, "
        "{id: w, uses: file.wait, with: {path: in.csv, mode: defer}}, "
        "{id: t, uses: dag.trigger, with: {trigger_dag_id: other}}"
    )
    assert (dag.get_task("b").choose, dag.get_task("w").deferrable) == ("a", True)
    assert dag.get_task("t").trigger_dag_id == "flights.other"
    other = workspace.import_dag("flights.other")
    assert {kind.value for kind in other.allowed_run_types} == {"manual", "operator_triggered"}


def test_assets_produced_and_consumed(dag_of: Any) -> None:
    """Outlets and inlets."""
    task = dag_of(
        "{id: a, uses: flow.empty, produces: [x], consumes: [y, z]}, "
        "{id: b, uses: flow.empty, produces: [y, z]}"
    ).get_task("a")
    assert [asset.name for asset in task.outlets] == ["flights.x"]
    assert [asset.name for asset in task.inlets] == ["flights.y", "flights.z"]


def test_setup_and_teardown(dag_of: Any) -> None:
    """A teardown runs after its work and its setup, whatever became of the work."""
    dag = dag_of(
        "{id: up, uses: flow.empty, setup: true}, {id: work, uses: flow.empty, needs: [up]}, "
        "{id: down, uses: flow.empty, needs: [work], teardown_of: [up]}, "
        "{id: lone, uses: flow.empty, setup: true}"
    )
    assert [dag.get_task(name).is_setup for name in ("up", "lone", "work")] == [True, True, False]
    assert (dag.get_task("down").is_teardown, dag.get_task("down").upstream_task_ids) == (
        True,
        {"work", "up"},
    )


def test_task_docs_and_the_runtime(dag_of: Any) -> None:
    """doc_md of a task; operators that run the tenant's code name its virtual environment."""
    task = dag_of(f'{{id: a, {CALL}, doc_md: "Why\\nand how"}}').get_task("a")
    assert (task.doc_md, task.runtime) == ("Why\nand how", "0123456789abcdef")


def test_templates_see_the_tenant_s_values(dag_of: Any) -> None:
    """`{{ tenant.items }}` is the value, not a method; a final line feed stays."""
    dag = dag_of(
        '{id: a, uses: sql.query, with: {connection: warehouse, sql: "select {{ tenant.items }}\\n"}}'
    )
    task = dag.get_task("a")
    task.render_template_fields({"params": {}})
    assert task.sql == "select 3\n"


def test_templates_see_the_data_folder_of_the_worker(dag_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`{{ tenant.data }}` is asked of the machine that runs the task."""
    macro = dag_of().user_defined_macros["tenant"]
    monkeypatch.setenv("AIRFLOW__AERODROME__DATA_FOLDER", "/srv/{tenant}/data")
    assert (macro.data, macro.region) == ("/srv/flights/data", "eu")
    with pytest.raises(AttributeError, match="has no value 'other'"):
        macro.other  # noqa: B018


def test_ids_that_python_needs_itself(dag_of: Any) -> None:
    """Tasks may be called class, dag, float or timedelta."""
    names = ["class", "dag", "float", "timedelta", "datetime", "class_"]
    tasks = [f"{{id: {name}, uses: flow.empty, needs: [{before}]}}" for before, name in pairwise(names)]
    dag = dag_of(", ".join(["{id: class, uses: flow.empty}", *tasks]))
    assert [task.task_id for task in dag.topological_sort()] == names
