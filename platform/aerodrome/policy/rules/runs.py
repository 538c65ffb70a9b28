"""How a DAG may run: kinds of runs and how many at once."""

from __future__ import annotations

from collections.abc import Iterable

from aerodrome.policy import facts
from aerodrome.policy.facts import DagFacts, Violation
from aerodrome.policy.limits import Limits


def run_types(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """Runs start by hand and by schedule; by another DAG only where a manifest of the tenant says so."""
    wanted = facts.run_types(dag.schedule, triggered=dag.dag_id in limits.triggered_dags)
    if dag.run_types != wanted:
        message = f"allowed kinds of runs are {', '.join(dag.run_types) or 'not limited'}"
        yield Violation("run_types", ("schedule",), message, f"they must be {', '.join(wanted)}")


def active_runs(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """Not more runs at once than the tenant's `limits.active_runs`; one for @continuous."""
    most = 1 if dag.schedule == "continuous" else limits.active_runs
    if not 1 <= dag.max_active_runs <= most:
        reason = (
            "@continuous runs one at a time"
            if dag.schedule == "continuous"
            else "limits.active_runs in tenant.yaml"
        )
        message = f"{dag.max_active_runs} runs at once"
        yield Violation("active_runs", ("max_active_runs",), message, f"at most {most}: {reason}")


def active_tasks(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """Not more tasks of a run at once than the tenant's `limits.parallelism`."""
    if not 1 <= dag.max_active_tasks <= limits.parallelism:
        message = f"{dag.max_active_tasks} tasks at once"
        remedy = f"at most {limits.parallelism}: limits.parallelism in tenant.yaml"
        yield Violation("active_tasks", ("max_active_tasks",), message, remedy)
