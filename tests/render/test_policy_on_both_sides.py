"""The facts that the policy judges are the same before rendering and inside Airflow."""

from __future__ import annotations

import json
from dataclasses import replace
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
        "priority_weight": st.integers(1, 9),
    },
)
CALL = {"function": "flights.jobs:run"}
OPERATORS = st.sampled_from(
    [
        {"uses": "flow.empty"},
        {"uses": "sql.query", "with": {"connection": "warehouse", "sql": "select 1"}},
        {"uses": "python.call", "with": CALL | {"connections": ["warehouse", "api"], "variables": ["token"]}},
        {"uses": "sql.query", "with": {"connection": "global.archive", "sql": "select 1"}},
        {
            "uses": "python.call",
            "with": CALL | {"connections": ["global.archive"], "variables": ["global.region"]},
        },
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
@given(DAGS, TASKS, st.booleans())
def test_facts_of_manifest_and_of_parsed_dag_are_equal(
    workspace: Any, dag: dict[str, Any], tasks: Any, cluster: bool
) -> None:
    """Whatever a manifest says, both sides of the policy see the same."""
    from aerodrome.policy.from_manifest import facts_of, limits_of
    from aerodrome.render.dags import render_dag
    from aerodrome_airflow.facts import facts_of as facts_of_dag

    workspace.on_kubernetes(cluster)
    workspace.add_dag(manifest(dag, tasks), "sample.json")
    tenant, environment, _ = workspace.load()
    loaded = tenant.dags[0]
    limits = limits_of(tenant, environment)
    rendered = render_dag(tenant, loaded, limits, None)
    parsed = imported(rendered.text, workspace.root / rendered.path)
    assert facts_of_dag(parsed, "flights") == facts_of(tenant, loaded, limits)


# → marks the place that is told.
REFUSED = {
    "active_runs": (
        "max_active_runs: →9\ntasks: [{id: a, uses: flow.empty}]",
        "max_active_runs: 9 runs at once\n    at most 4: limits.active_runs in tenant.yaml",
    ),
    "active_tasks": (
        "max_active_tasks: →9\ntasks: [{id: a, uses: flow.empty}]",
        "max_active_tasks: 9 tasks at once\n    at most 8: limits.parallelism in tenant.yaml",
    ),
    "retries of the defaults": (
        "defaults: {retries: →9}\ntasks: [{id: a, uses: flow.empty}]",
        "tasks.a.retries: 9 retries\n    at most 5: limits.retries in tenant.yaml",
    ),
    "retries": (
        "tasks:\n- id: a\n  uses: flow.empty\n  retries: →6",
        "tasks.a.retries: 6 retries\n    at most 5: limits.retries in tenant.yaml",
    ),
    "execution_timeout": (
        "tasks: [{id: a, uses: flow.empty, execution_timeout: →9h}]",
        "tasks.a.execution_timeout: a time limit of 32400 s\n"
        "    at most 7200 s: limits.execution_timeout in tenant.yaml",
    ),
    "pool": (
        "tasks: [{id: a, uses: flow.empty, pool: heavy, pool_slots: →3}]",
        "tasks.a.pool_slots: 3 slots of pool 'flights.heavy', which has 2\n    the task would never start",
    ),
    "tenant_text": (
        'tasks: [{id: a, uses: →bash.run, with: {script: "true"}}]',
        "tasks.a.uses: 'bash.run' executes text of the manifest; queue 'default' is shared by tenants\n"
        "    queues that are not shared: onprem, pii",
    ),
    "waiting": (
        "tasks: [{id: a, uses: file.wait, queue: pii, with: {path: x, mode: →defer}}]",
        "tasks.a.with.mode: the zone of queue 'pii' has no triggerer of its own\n"
        "    write mode: reschedule or mode: poke",
    ),
    "connections": (
        "tasks: [{id: a, uses: sql.query, with: {connection: →people, sql: select 1}}]",
        "tasks.a.with.connection: the connection 'people' may not be used on queue 'default'\n"
        "    it may be used on: pii",
    ),
    "tags": (
        "tags: [→'tenant:other']\ntasks: [{id: a, uses: flow.empty}]",
        "tags[0]: 'tenant:' is the platform's\n    it adds the tenant's tag by itself",
    ),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_a_manifest_that_breaks_a_rule_is_told_where(workspace: Any, rule: str) -> None:
    """Once, with the place of the value, the field, what is wrong and how to mend it."""
    lines, said = REFUSED[rule]
    text = f"dag_id: sample\n{lines}\n"
    before = text.partition("→")[0].split("\n")
    workspace.add_dag(text.replace("→", ""))
    place = f"tenants/flights/dags/sample.yaml:{len(before)}:{len(before[-1]) + 1}"
    assert [str(problem) for problem in workspace.load()[2]] == [f"{place}: {said}"]


def test_what_the_loader_refuses_first_the_policy_places_as_well(workspace: Any) -> None:
    """Limits that are closer than those of the check: a sensor that defers where nobody waits for it."""
    from aerodrome.policy.from_manifest import facts_of, limits_of, violations_as_problems
    from aerodrome.policy.rules import violations

    workspace.add_dag("dag_id: sample\ntasks:\n- {id: a, uses: file.wait, with: {path: x, mode: defer}}\n")
    tenant, environment, _ = workspace.load()
    limits = limits_of(tenant, environment)
    waits = limits.queues["default"]
    closed = replace(limits, queues=limits.queues | {"default": replace(waits, triggerer=False)})
    (problem,) = violations_as_problems(
        tenant.dags[0], violations(facts_of(tenant, tenant.dags[0], closed), closed)
    )
    assert (problem.line, problem.column, problem.field) == (3, 50, "tasks.a.with.mode")
    assert problem.message == "the zone of queue 'default' has no triggerer"
