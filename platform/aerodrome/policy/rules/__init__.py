"""The rules that hold for every DAG, wherever its facts come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aerodrome.policy.facts import DagFacts, Violation
from aerodrome.policy.limits import Limits
from aerodrome.policy.rules import access, identity, runs, tasks

Rule = Callable[[DagFacts, Limits], Iterable[Violation]]

RULES: tuple[Rule, ...] = (
    identity.dag_id,
    identity.owner,
    identity.tags,
    identity.logging_field,
    identity.alerts,
    access.access,
    access.connections,
    access.variables,
    access.triggers,
    access.assets,
    runs.run_types,
    runs.active_runs,
    runs.active_tasks,
    tasks.catalogue,
    tasks.queue,
    tasks.tenant_text,
    tasks.placement,
    tasks.waiting,
    tasks.pool,
    tasks.retries,
    tasks.execution_timeout,
    tasks.unmanaged,
)


def violations(dag: DagFacts, limits: Limits) -> tuple[Violation, ...]:
    """Return everything in which *dag* breaks a rule, in the order of the rules."""
    return tuple(violation for rule in RULES for violation in rule(dag, limits))
