"""The facts that the policy judges are the same before rendering and inside Airflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DURATIONS = st.sampled_from(["1s", "45m", "1h30m", "2h"])
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "queue": st.sampled_from(["default", "pii", "onprem"]),
        "pool": st.just("heavy"),
        "pool_slots": st.integers(1, 2),
        "retries": st.integers(0, 5),
        "execution_timeout": DURATIONS,
        "retry_delay": DURATIONS,
        "priority_weight": st.integers(1, 9),
    },
)
CALL = {"function": "flights.jobs:run"}
OPERATORS = st.sampled_from(
    [
        {"uses": "flow.empty"},
        {"uses": "sql.query", "with": {"connection": "warehouse", "sql": "select 1"}},
        {"uses": "python.call", "with": CALL | {"connections": ["warehouse", "api"], "variables": ["token"]}},
        {"uses": "python.call", "with": CALL, "expand": {"args": [{"n": 1}]}},
        {"uses": "file.wait", "with": {"path": "a.csv"}},
        {"uses": "file.wait", "with": {"path": "a.csv", "mode": "poke"}},
        {"uses": "file.wait", "with": {}, "expand": {"path": ["a.csv", "b.csv"]}},
        {"uses": "dag.trigger", "with": {"trigger_dag_id": "sample"}},
        {"uses": "flow.empty", "produces": ["x"], "consumes": ["y", "z"]},
    ]
)
SCHEDULES = st.sampled_from(
    [None, "@daily", "0 6 * * *", {"every": "1h"}, {"all_assets": ["x"]}, {"any_asset": ["x", "y"]}]
)
TASKS = st.lists(st.tuples(OPERATORS, SETTINGS), min_size=1, max_size=6)
DAGS = st.fixed_dictionaries(
    {"defaults": SETTINGS, "schedule": SCHEDULES, "start_date": st.just("2024-01-01")},
    optional={
        "max_active_runs": st.integers(1, 4),
        "max_active_tasks": st.integers(1, 8),
        "tags": st.lists(st.sampled_from(["sql", "daily", "x"]), unique=True),
    },
)


def manifest(dag: dict[str, Any], tasks: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    """Return a manifest as JSON; every asset that it waits for is produced by it."""
    made = [operator | said | {"id": f"task_{index}"} for index, (operator, said) in enumerate(tasks)]
    makers = [{"id": "maker", "uses": "flow.empty", "produces": ["x", "y", "z"]}]
    return json.dumps({"dag_id": "sample", **dag, "tasks": made + makers})


def imported(text: str, file: Path) -> Any:
    """Return the DAG that *text* defines, as a file at *file* would."""
    names: dict[str, Any] = {}
    exec(compile(text, str(file), "exec"), names)
    return names["dag"]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(DAGS, TASKS)
def test_facts_of_manifest_and_of_parsed_dag_are_equal(
    workspace: Any, dag: dict[str, Any], tasks: Any
) -> None:
    """Whatever a manifest says, both sides of the policy see the same."""
    from aerodrome.policy.from_manifest import facts_of, limits_of
    from aerodrome.render.dags import render_dag
    from aerodrome_airflow.facts import facts_of as facts_of_dag

    workspace.add_dag(manifest(dag, tasks), "sample.json")
    tenant, environment, _ = workspace.load()
    loaded = tenant.dags[0]
    rendered = render_dag(tenant, loaded, environment, None)
    parsed = imported(rendered.text, workspace.root / rendered.path)
    assert facts_of_dag(parsed, "flights") == facts_of(tenant, loaded, limits_of(tenant, environment))


REFUSED = {
    "active_runs": ("max_active_runs: 9", "{id: a, uses: flow.empty}"),
    "active_tasks": ("max_active_tasks: 9", "{id: a, uses: flow.empty}"),
    "retries": ("defaults: {retries: 9}", "{id: a, uses: flow.empty}"),
    "execution_timeout": ("catchup: false", "{id: a, uses: flow.empty, execution_timeout: 9h}"),
    "pool": ("catchup: false", "{id: a, uses: flow.empty, pool: heavy, pool_slots: 3}"),
    "tenant_text": ("catchup: false", '{id: a, uses: bash.run, with: {script: "true"}}'),
    "waiting": ("catchup: false", "{id: a, uses: file.wait, queue: pii, with: {path: x, mode: defer}}"),
    "connections": ("catchup: false", "{id: a, uses: sql.query, with: {connection: people, sql: select 1}}"),
    "tags": ("tags: ['tenant:other']", "{id: a, uses: flow.empty}"),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_a_manifest_that_breaks_a_rule_is_told_where(workspace: Any, rule: str) -> None:
    """The problem names the file and the place of the value, and how to mend it."""
    line, task = REFUSED[rule]
    workspace.add_dag(f"dag_id: sample\n{line}\ntasks: [{task}]\n")
    problems = workspace.load()[2]
    assert [problem.file for problem in problems] == ["tenants/flights/dags/sample.yaml"]
    assert problems[0].line in (2, 3), problems
