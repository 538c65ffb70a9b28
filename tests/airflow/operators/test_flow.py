"""`flow.branch`, `flow.empty` and `dag.trigger`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk import DAG, TaskGroup
from airflow.sdk.exceptions import AirflowFailException, DagRunTriggerException, DownstreamTasksSkipped

Operators = Callable[[str], Any]
Execute = Callable[[Any], Any]


def branch(operators: Operators, choose: Any) -> Any:
    """Return a branch before the tasks a and b and the group g; c comes after b."""
    task, empty = operators("flow.branch")(task_id="branch", choose=choose), operators("flow.empty")
    with TaskGroup("g", prefix_group_id=False):
        inner = empty(task_id="inner")
    first, second, third = (empty(task_id=name) for name in "abc")
    task >> [first, second, inner]
    second >> third
    return task


@pytest.mark.parametrize(
    ("choose", "skipped"),
    [
        ("a", {"b", "inner"}),
        (["a", "b"], {"inner"}),
        ("{{ 'g' }}", {"a", "b"}),
        ("", {"a", "b", "inner"}),
        ([], {"a", "b", "inner"}),
        (" a\n", {"b", "inner"}),
    ],
)
def test_tasks_that_are_not_chosen_are_skipped(
    dag: DAG, operators: Operators, execute: Execute, choose: Any, skipped: set[str]
) -> None:
    """A task, a list of them, a group, or nothing at all."""
    with pytest.raises(DownstreamTasksSkipped) as outcome:
        execute(branch(operators, choose))
    assert {name if isinstance(name, str) else name[0] for name in outcome.value.tasks} == skipped


@pytest.mark.parametrize("choose", ["nonsense", "c", ["a", "c"]])
def test_choice_that_does_not_come_directly_after_fails(
    dag: DAG, operators: Operators, execute: Execute, choose: Any
) -> None:
    """Airflow alone would skip everything without a word."""
    with pytest.raises(AirflowFailException, match=r"not directly after this task; allowed: a, b, inner"):
        execute(branch(operators, choose))


def test_empty_task_is_left_to_the_scheduler(dag: DAG, operators: Operators) -> None:
    """No worker runs it."""
    assert operators("flow.empty")(task_id="x").inherits_from_empty_operator


def test_other_dag_of_the_tenant_is_triggered(dag: DAG, operators: Operators, execute: Execute) -> None:
    """By its name in the manifest, with a rendered conf."""
    task = operators("dag.trigger")(task_id="t", trigger_dag_id="other", conf={"day": "{{ ds }}"}, wait=True)
    with pytest.raises(DagRunTriggerException) as asked:
        execute(task)
    assert (asked.value.trigger_dag_id, asked.value.conf) == ("alpha.other", {"day": "2024-01-31"})
    assert (asked.value.wait_for_completion, asked.value.deferrable) == (True, False)


def test_dag_of_another_tenant_cannot_be_named(dag: DAG, operators: Operators) -> None:
    """The tenant comes from the own DAG's id."""
    with pytest.raises(ValueError, match="not a tenant and a name"):
        operators("dag.trigger")(task_id="t", trigger_dag_id="beta.other")
