"""What the loader hands on."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from common_plugins.catalogue.base import Reference

HEAD = 'dag_id: daily\nschedule: "@daily"\nstart_date: 2024-01-01\n'
SQL = "uses: sql.query, with: {connection: warehouse, sql: select 1}"
TASK = f"tasks: [{{id: a, {SQL}}}]\n"


def test_a_manifest_becomes_a_model_with_typed_parameters_and_places(repository: Any) -> None:
    """The entry of the catalogue, the digest of the source and the line of each task."""
    repository.dag(HEAD + TASK)
    dag = repository.loaded()
    assert (dag.path, dag.model.start_date) == ("tenants/flights/dags/daily.yaml", datetime(2024, 1, 1))
    assert (dag.parameters["a"].uses, dag.parameters["a"].sql) == ("sql.query", "select 1")
    assert dag.positions.locate(("tasks", 0, "uses")) == (4, 23)
    assert dag.source_digest.startswith("sha256:")


def test_json_is_the_same_model_with_the_same_places(repository: Any) -> None:
    """A manifest in JSON."""
    repository.dag('{"dag_id": "daily",\n "tasks": [\n  {"id": "a", "uses": "flow.empty"}]}', "daily.json")
    dag = repository.loaded()
    assert dag.model.tasks[0].uses == "flow.empty"
    assert dag.positions.locate(("tasks", 0, "uses")) == (3, 23)


def test_references_are_read_wherever_json_may_stand(repository: Any) -> None:
    """A short and a full form; a mapping with a key `task` is no reference."""
    with_ = "{function: 'flights.jobs:clean', args: {rows: {$x: a}, more: [{$x: {task: a, key: n}}], own: {task: a}}}"
    made = "uses: python.call, with: {function: 'flights.jobs:clean', outputs: [n]}"
    repository.dag(
        f"{HEAD}tasks:\n- {{id: a, {made}}}\n- {{id: b, uses: python.call, needs: [a], with: {with_}}}\n"
    )
    args = repository.loaded().parameters["b"].args
    assert args == {"rows": Reference(task="a"), "more": [Reference(task="a", key="n")], "own": {"task": "a"}}


def test_upstream_goes_through_groups_and_teardowns(repository: Any) -> None:
    """A group stands for all tasks in it and in the groups inside it."""
    groups = "task_groups: [{id: outer}, {id: inner, parent: outer}]\n"
    read = "uses: sql.query, needs: [outer], with: {connection: warehouse, sql: {$x: a}}"
    repository.dag(f"{HEAD}{groups}tasks:\n- {{id: a, group: inner, {SQL}}}\n- {{id: b, {read}}}\n")
    assert repository.loaded().model.tasks[1].needs == ("outer",)


def test_text_of_a_file_is_included_and_part_of_the_digest(repository: Any) -> None:
    """Another text in the file is another source."""
    text = f"{HEAD}tasks: [{{id: a, uses: sql.query, with: {{connection: warehouse, sql: {{$f: ../sql/x.sql}}}}}}]\n"
    repository.write("tenants/flights/sql/x.sql", "select 'ä'\n")
    repository.dag(text)
    first = repository.loaded()
    repository.write("tenants/flights/sql/x.sql", "select 2\n")
    second = repository.loaded()
    assert (first.parameters["a"].sql, second.parameters["a"].sql) == ("select 'ä'\n", "select 2\n")
    assert first.source_digest != second.source_digest


def test_differences_of_the_environment_are_merged(repository: Any) -> None:
    """Mappings by key, lists as a whole; the place is that of the difference."""
    differences = (
        "environments:\n  staging:\n    schedule: '@hourly'\n    tags: [c]\n    defaults: {retry_delay: 1m}\n"
    )
    repository.dag(f"{HEAD}tags: [a, b]\ndefaults: {{retries: 2}}\n{TASK}{differences}")
    found = repository.load("staging").tenants[0].dags[0]
    assert (found.model.schedule, found.model.tags) == ("@hourly", ("c",))
    assert (found.model.defaults.retries, found.model.defaults.retry_delay) == (2, timedelta(minutes=1))
    assert found.positions.locate(("schedule",)) == (9, 15)
    assert repository.loaded().model.schedule == "@daily"


def test_a_dag_that_is_not_enabled_is_checked_and_left_out(repository: Any) -> None:
    """It is not published in this environment."""
    repository.dag(f"{HEAD}{TASK}environments: {{staging: {{enabled: false}}}}\n")
    assert repository.load("staging").tenants[0].dags == ()
    assert repository.loaded().model.enabled


def test_mapped_parameters_keep_their_values_and_kinds(repository: Any) -> None:
    """Required parameters may come from expand alone."""
    expand = "expand: {sql: [select 1, select 2], connection: [warehouse]}"
    repository.dag(f"{HEAD}tasks: [{{id: a, uses: sql.query, {expand}}}]\n")
    dag = repository.loaded()
    assert dag.model.tasks[0].expand["sql"] == ["select 1", "select 2"]
    assert type(dag.parameters["a"]).kind_of("connection") == "connection"


@pytest.mark.parametrize(
    ("expand", "said"),
    [
        ("{sql: [x, →5]}", "expand.sql[1]: must be text or a reference {$x: task} or a list, not a number (5)"),
        ("{sql: →[]}", "expand.sql: must be a list or mapping with at least one item, or {$x: task}"),
        ("{→sqll: [x]}", "expand.sqll: unknown parameter 'sqll'\n    did you mean 'sql'?"),
        ("{sql: [x], connection: →{$x: b}}", "expand.connection: a connection cannot come from another task\n    write a list"),
        ("{sql: [x], connection: [→waerhouse]}", "expand.connection[0]: unknown connection 'waerhouse'\n    did you mean 'warehouse'?"),
        ("{sql: [x], →result: [rows]}", "expand.result: 'result' stands in with as well\n    keep one of them"),
        ("{sql: ['{{ →ti }}']}", "expand.sql[0]: the name 'ti' is not allowed in a template\n    read another task's result with {$x: task}"),
    ],
)  # fmt: skip
def test_mistakes_in_mapped_parameters(repository: Any, expand: str, said: str) -> None:
    """Each element is checked like a single value."""
    connection = "" if "connection" in expand else "connection: warehouse, "
    sql = "sql: x, " if "sqll" in expand else ""
    task = (
        f"{{id: a, uses: sql.query, needs: [b], with: {{{connection}{sql}result: rows}}, expand: {expand}}}"
    )
    found, place = repository.marked(f"{HEAD}tasks:\n- {{id: b, {SQL}}}\n- {task}\n")
    assert found == [f"{place}tasks.a.{said}"]


def test_one_broken_file_harms_only_itself(repository: Any) -> None:
    """Hostile, broken and unreadable manifests beside a good one."""
    repository.dag(HEAD + TASK)
    repository.dag("a: [", "broken.yaml")
    repository.dag("dag_id: [\n" * 1000, "hostile.yaml")
    repository.write("tenants/flights/dags/binary.json", bytes(range(256)))
    repository.write("tenants/health/tenant.yaml", "owners: 5\n")
    repository.write("tenants/health/dags/x.yaml", "dag_id: x\n")
    result = repository.load()
    assert [(t.name, [d.model.dag_id for d in t.dags]) for t in result.tenants] == [("flights", ["daily"])]
    files = {problem.file.removeprefix("tenants/") for problem in result.problems}
    dags = {f"flights/dags/{name}" for name in ("broken.yaml", "hostile.yaml", "binary.json")}
    assert files == dags | {"health/tenant.yaml", "health/dags/x.yaml"}


def test_two_manifests_with_one_dag_id_are_both_left_out(repository: Any) -> None:
    """Which of them is meant nobody can tell: neither takes over the other's history."""
    repository.dag(HEAD + TASK)
    repository.dag(HEAD + TASK, "other.yaml")
    result = repository.load()
    assert [problem.message for problem in result.problems] == ["duplicate dag_id 'daily'"] * 2
    assert "tenants/flights/dags/other.yaml:1" in result.problems[0].remedy
    assert result.tenants[0].dags == ()


def test_a_dag_whose_own_file_is_broken_is_not_unknown(repository: Any) -> None:
    """One mistake is told once, where it is."""
    trigger = "tasks: [{id: a, uses: dag.trigger, with: {trigger_dag_id: other}}]\n"
    repository.dag("dag_id: other\ntasks: [\n", "x.yaml")
    assert [text.partition(":")[0] for text in repository.problems(HEAD + trigger)] == ["x.yaml"]


def test_assets_join_the_dags_of_a_tenant(repository: Any) -> None:
    """A DAG may run on an asset that another one produces."""
    repository.dag(f"{HEAD}tasks: [{{id: a, uses: flow.empty, produces: [rows]}}]\n")
    repository.dag(
        "dag_id: report\nschedule: {any_asset: [rows]}\ntasks: [{id: a, uses: flow.empty}]\n", "report.yaml"
    )
    assert repository.loaded("report").model.schedule.any_asset == ("rows",)
