"""What a DAG may reach, and who may reach it."""

from __future__ import annotations

from collections.abc import Iterable

from aerodrome import names
from aerodrome.errors import did_you_mean
from aerodrome.policy.facts import DagFacts, Violation, access_facts
from aerodrome.policy.limits import Limits


def access(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """Only the tenant's viewers, editors and admins have rights on the DAG."""
    if dag.access != access_facts(limits.tenant):
        granted = sorted({role for role, _, _ in dag.access}) or ["nobody"]
        message = f"rights on the DAG are not the tenant's own: {', '.join(granted)}"
        yield Violation("access", (), message, "rights come from `groups` in tenant.yaml")


def connections(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """A task uses only connections of its tenant, on queues that they are open to, and listed ones that all share."""
    for task in dag.tasks:
        for connection in task.connections:
            path = ("tasks", task.id, "with")
            if connection not in limits.connections:
                message = f"connection '{connection}' is {_whose(connection)}"
                yield Violation("connections", path, message, did_you_mean(connection, limits.connections))
            elif task.queue not in limits.connections[connection]:
                message = f"connection '{connection}' may not be used on queue '{task.queue}'"
                queues = ", ".join(limits.connections[connection]) or "none"
                yield Violation(
                    "connections", path, message, f"queues of the connection in tenant.yaml: {queues}"
                )


def variables(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """A task uses only variables that its tenant names, and listed ones that all tenants share."""
    for task in dag.tasks:
        for variable in task.variables:
            if variable not in limits.variables:
                message = f"variable '{variable}' is {_whose(variable)}"
                path = ("tasks", task.id, "with", "variables")
                yield Violation("variables", path, message, did_you_mean(variable, limits.variables))


def triggers(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """A task starts runs only of DAGs of its own tenant."""
    for task in dag.tasks:
        for target in task.triggers:
            if not _belongs(target, limits.tenant):
                message = f"DAG '{target}' belongs to another tenant"
                path = ("tasks", task.id, "with", "trigger_dag_id")
                yield Violation(
                    "triggers", path, message, "use an asset that the other tenant shares, or ask it"
                )


def assets(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """A DAG produces, consumes and waits for assets of its own tenant only."""
    for name in dag.scheduled_assets:
        if not _belongs(name, limits.tenant):
            yield Violation("assets", ("schedule",), f"asset '{name}' belongs to another tenant")
    for task in dag.tasks:
        for name in task.assets:
            if not _belongs(name, limits.tenant):
                yield Violation("assets", ("tasks", task.id), f"asset '{name}' belongs to another tenant")


def _whose(key: str) -> str:
    return (
        "not one that environment.yaml lists for all tenants" if names.is_shared(key) else "not the tenant's"
    )


def _belongs(scoped: str, tenant: str) -> bool:
    try:
        return names.tenant_of(scoped) == tenant
    except ValueError:
        return False
