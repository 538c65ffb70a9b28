"""What a task leaves to later ones: a reference to anything else would always read as null."""

from __future__ import annotations

from typing import Any

import pytest

HEAD = "dag_id: daily\ntasks:\n"
CALL = "uses: python.call, with: {function: 'flights.jobs:clean'}"
TENANT = """\
owners: [{name: Flights, email: flights@example.org}]
queues: [default, pii]
connections: {warehouse: {type: postgres}, api: {type: http}, mail: {type: smtp}}
"""
CHECKS = "[{name: n, sql: select 1}]"


def reading(first: str, reference: str, with_: str = "args: {rows: %s}") -> str:
    """Return a manifest whose second task reads *reference* of the *first*."""
    call = f"uses: python.call, with: {{function: 'flights.jobs:clean', {with_ % reference}}}"
    return f"{HEAD}- {{id: a, {first}}}\n- {{id: b, needs: [a], {call}}}\n"


@pytest.mark.parametrize(
    "first",
    [
        "uses: flow.empty",
        "uses: flow.branch, with: {choose: b}",
        "uses: file.wait, with: {path: x}",
        "uses: email.send, with: {connection: mail, to: x, subject: x, text: x}",
        "uses: spark.submit, with: {application: flights/job.py}",
        f"uses: sql.check, with: {{connection: warehouse, checks: {CHECKS}}}",
        "uses: sql.query, with: {connection: warehouse, sql: select 1, result: none}",
        "uses: sql.query, with: {connection: warehouse, result: none}, expand: {sql: [select 1]}",
        "uses: http.request, with: {connection: api, response: none}",
    ],
)
def test_a_task_without_a_result_cannot_be_read(repository: Any, first: str) -> None:
    """Whatever its operator or its parameters leave nothing."""
    repository.write("tenants/flights/tenant.yaml", TENANT)
    found, place = repository.marked(reading(first, "→{$x: a}"))
    uses = first.partition(",")[0].removeprefix("uses: ")
    remedy = f"{uses}, as it is written there, hands nothing to later tasks"
    message = "task 'a' leaves no result: it would always read as null"
    assert found == [f"{place}tasks.b.with.args.rows: {message}\n    {remedy}"]


@pytest.mark.parametrize(
    ("first", "reference"),
    [
        (CALL, "{$x: a}"),
        ("uses: sql.query, with: {connection: warehouse, sql: select 1, result: value}", "{$x: a}"),
        ("uses: sql.chart, with: {connection: warehouse, sql: select 1, file: x.png}", "{$x: a}"),
        ("uses: sql.load, with: {connection: warehouse, table: t, file: x.csv}", "{$x: a}"),
        ("uses: http.request, with: {connection: api}", "{$x: a}"),
        ("uses: bash.run, with: {script: date}", "{$x: a}"),
        ("uses: dag.trigger, with: {trigger_dag_id: daily}", "{$x: {task: a, key: trigger_run_id}}"),
    ],
)
def test_a_task_with_a_result_can_be_read(repository: Any, first: str, reference: str) -> None:
    """By the key under which it leaves it."""
    assert repository.problems(reading(first, reference)) == []


def test_a_started_run_is_read_by_its_key(repository: Any) -> None:
    """dag.trigger leaves the id of the run, and nothing else."""
    found, place = repository.marked(reading("uses: dag.trigger, with: {trigger_dag_id: daily}", "→{$x: a}"))
    said = "task 'a' leaves no result 'return_value'\n    its keys: trigger_run_id"
    assert found == [f"{place}tasks.b.with.args.rows: {said}"]


@pytest.mark.parametrize(
    ("uses", "with_", "expand"),
    [
        ("file.wait", "{path: x}", "{→mode: [poke, defer]}"),
        ("file.wait", "{path: x}", "{→timeout: [1h, 2h]}"),
        ("http.request", "{connection: api}", "{→response: [none, text]}"),
        ("sql.query", "{connection: warehouse, sql: select 1}", "{→result: [none, rows]}"),
        ("python.call", "{function: 'flights.jobs:clean'}", "{→outputs: {$x: first}}"),
    ],
)
def test_what_must_be_known_before_a_run_is_not_mapped(
    repository: Any, uses: str, with_: str, expand: str
) -> None:
    """The mode of a sensor, durations, and what a task leaves to others."""
    first = "{id: first, uses: python.call, with: {function: 'flights.jobs:clean'}}"
    mapped = f"{{id: m, uses: {uses}, needs: [first], with: {with_}, expand: {expand}}}"
    found, place = repository.marked(f"dag_id: daily\ntasks:\n- {first}\n- {mapped}\n")
    name = expand.partition("→")[2].partition(":")[0]
    said = f"tasks.m.expand.{name}: '{name}' is one for all mapped tasks\n    write a single value in with"
    assert found == [place + said]
