"""Each rule refuses what it is there for, and nothing else."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from aerodrome.policy import limits as limits_module
from aerodrome.policy.facts import DagFacts, TaskFacts, access_facts
from aerodrome.policy.limits import Channel, Limits, QueueLimits
from aerodrome.policy.placement import Placement
from aerodrome.policy.rules import RULES, violations

LIMITS = Limits(
    tenant="flights",
    environment="local",
    owner="Flight data",
    queues={
        "default": QueueLimits(shared=True, personal_data=False, triggerer=True),
        "pii": QueueLimits(shared=False, personal_data=True, triggerer=False),
    },
    reserved_queues=("maintenance",),
    pools={"flights": 6, "flights.heavy": 2},
    parallelism=8,
    active_runs=4,
    retries=3,
    execution_timeout=3600.0,
    connections={"flights.warehouse": ("default", "pii"), "flights.people": ("pii",)},
    variables=("flights.token",),
    forbidden_operators=("email.send",),
    triggered_dags=("flights.other",),
    channels=(Channel("central", "file", "central.jsonl"),),
)
TASK = TaskFacts(
    id="load",
    uses="sql.query",
    operator="common_plugins.operators.sql_query:SqlQueryOperator",
    owner="Flight data",
    queue="default",
    pool="flights",
    pool_slots=1,
    retries=3,
    execution_timeout=3600.0,
    log_field="flights",
    connections=("flights.warehouse",),
)
DAG = DagFacts(
    dag_id="flights.daily",
    folder="flights",
    tags=("sql", "tenant:flights"),
    access=access_facts("flights"),
    schedule="time",
    scheduled_assets=(),
    run_types=("backfill", "manual", "scheduled"),
    max_active_runs=4,
    max_active_tasks=8,
    alert_channels=("central",),
    unmanaged=(),
    tasks=(TASK,),
)
BROKEN_DAGS: list[tuple[str, dict[str, Any]]] = [
    ("dag_id", {"dag_id": "payments.daily"}),
    ("dag_id", {"dag_id": "daily"}),
    ("dag_id", {"dag_id": "platform.daily", "folder": "platform"}),
    ("dag_id", {"dag_id": "flights.daily.x"}),
    ("tags", {"tags": ("sql",)}),
    ("tags", {"tags": ("tenant:flights", "tenant:payments")}),
    ("alerts", {"alert_channels": ()}),
    ("access", {"access": ()}),
    ("access", {"access": (*access_facts("flights"), ("payments.viewer", "DAGs", "can_read"))}),
    ("assets", {"scheduled_assets": ("payments.rows",)}),
    ("run_types", {"run_types": ()}),
    ("run_types", {"run_types": ("backfill", "manual", "operator_triggered", "scheduled")}),
    ("active_runs", {"max_active_runs": 5}),
    ("active_runs", {"max_active_runs": 2, "schedule": "continuous", "run_types": ("manual", "scheduled")}),
    ("active_tasks", {"max_active_tasks": 9}),
    ("unmanaged", {"unmanaged": ("on_success_callback",)}),
]
BROKEN_TASKS: list[tuple[str, dict[str, Any]]] = [
    ("owner", {"owner": "airflow"}),
    ("logging_field", {"log_field": None}),
    ("connections", {"connections": ("payments.warehouse",)}),
    ("connections", {"connections": ("flights.people",)}),
    ("variables", {"variables": ("flights.other",)}),
    ("triggers", {"triggers": ("payments.daily",)}),
    ("triggers", {"triggers": ("daily",)}),
    ("assets", {"assets": ("payments.rows",)}),
    ("catalogue", {"uses": ""}),
    ("catalogue", {"uses": "email.send"}),
    ("queue", {"queue": "onprem"}),
    ("queue", {"queue": "maintenance"}),
    ("tenant_text", {"uses": "bash.run", "runs_tenant_text": True}),
    ("placement", {"placement": Placement("KubernetesExecutor", "/tmp/pod.yaml")}),
    ("waiting", {"waits": "defer", "queue": "pii"}),
    ("pool", {"pool": "default_pool"}),
    ("pool", {"pool": "payments"}),
    ("pool", {"pool": "flights.heavy", "pool_slots": 3}),
    ("retries", {"retries": 4}),
    ("execution_timeout", {"execution_timeout": None}),
    ("execution_timeout", {"execution_timeout": 3600.1}),
    ("unmanaged", {"unmanaged": ("run_as_user",)}),
]


def broken(dag: DagFacts) -> set[str]:
    """Return the names of the rules that *dag* breaks."""
    return {violation.rule for violation in violations(dag, LIMITS)}


def test_a_dag_within_its_limits_breaks_no_rule() -> None:
    """At every limit, not above."""
    assert broken(DAG) == set()


@pytest.mark.parametrize(("rule", "change"), BROKEN_DAGS)
def test_a_dag_out_of_bounds_breaks_its_rule(rule: str, change: dict[str, Any]) -> None:
    """One fact of the DAG is wrong."""
    assert rule in broken(dataclasses.replace(DAG, **change))


@pytest.mark.parametrize(("rule", "change"), BROKEN_TASKS)
def test_a_task_out_of_bounds_breaks_its_rule(rule: str, change: dict[str, Any]) -> None:
    """One fact of a task is wrong; the others of the DAG are right."""
    task = dataclasses.replace(TASK, connections=())
    assert broken(dataclasses.replace(DAG, tasks=(TASK, dataclasses.replace(task, **change)))) == {rule}


def test_every_rule_is_shown_to_refuse_something() -> None:
    """A rule that nothing breaks is not tested."""
    assert {rule.__name__ for rule in RULES} == {rule for rule, _ in BROKEN_DAGS + BROKEN_TASKS}


def test_every_rule_says_what_it_is_for() -> None:
    """The docstrings are the reference page."""
    assert all(rule.__doc__ for rule in RULES)


def test_deferring_and_shell_text_are_fine_where_the_queue_allows_them() -> None:
    """A zone with a triggerer; a queue that is not shared."""
    waits = dataclasses.replace(TASK, waits="defer")
    shell = dataclasses.replace(TASK, runs_tenant_text=True, queue="pii")
    assert broken(dataclasses.replace(DAG, tasks=(waits, shell))) == set()


def test_a_dag_that_a_manifest_triggers_may_be_triggered() -> None:
    """And one that no manifest triggers may not."""
    types = ("backfill", "manual", "operator_triggered", "scheduled")
    other = dataclasses.replace(DAG, dag_id="flights.other", run_types=types)
    assert broken(other) == set()


def test_limits_survive_their_journey_through_json() -> None:
    """What Airflow reads is what the renderer wrote."""
    assert limits_module.from_json(limits_module.to_json(LIMITS)) == LIMITS


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tenant": 1}', "null"])
def test_what_is_no_limits_document_is_refused(text: str) -> None:
    """Never half a policy."""
    with pytest.raises(ValueError):
        limits_module.from_json(text)


def test_digest_changes_with_a_limit_but_not_with_who_triggers_whom() -> None:
    """A changed policy renders every DAG again; a changed manifest does not."""
    assert dataclasses.replace(LIMITS, retries=2).digest != LIMITS.digest
    assert dataclasses.replace(LIMITS, triggered_dags=()).digest == LIMITS.digest
