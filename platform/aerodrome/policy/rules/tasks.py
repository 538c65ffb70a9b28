"""What a task is and where and how long it runs."""

from __future__ import annotations

from collections.abc import Iterable

from aerodrome.errors import did_you_mean
from aerodrome.policy.facts import DagFacts, TaskFacts, Violation
from aerodrome.policy.limits import Limits
from aerodrome.policy.placement import placement as wanted_placement


def catalogue(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """Every task is an operator of the catalogue that the environment does not forbid."""
    for task in dag.tasks:
        if not task.uses:
            message = f"{task.operator} is no operator of the catalogue"
            yield Violation("catalogue", ("tasks", task.id, "uses"), message, "list them: make operators")
        elif task.uses in limits.forbidden_operators:
            message = f"operator '{task.uses}' is forbidden in environment '{limits.environment}'"
            yield Violation("catalogue", ("tasks", task.id, "uses"), message)


def queue(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """A task runs on a queue that its tenant may use; reserved queues are the platform's."""
    for task in dag.tasks:
        if task.queue not in limits.queues:
            reserved = task.queue in limits.reserved_queues
            message = f"queue '{task.queue}' is " + (
                "reserved for the platform" if reserved else "not the tenant's"
            )
            remedy = did_you_mean(task.queue, limits.queues)
            yield Violation("queue", ("tasks", task.id, "queue"), message, remedy)


def tenant_text(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """Text of a manifest is executed only on queues whose workers are not shared."""
    for task in _on_known_queue(dag, limits):
        if task.runs_tenant_text and limits.queues[task.queue].shared:
            message = (
                f"'{task.uses}' executes text of the manifest; queue '{task.queue}' is shared by tenants"
            )
            own = (
                ", ".join(sorted(name for name, limit in limits.queues.items() if not limit.shared)) or "none"
            )
            yield Violation(
                "tenant_text", ("tasks", task.id, "uses"), message, f"queues that are not shared: {own}"
            )


def placement(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """On Kubernetes a tenant's code and files are reached in the tenant's own pods; nothing else chooses a pod."""
    for task in dag.tasks:
        wanted = wanted_placement(limits, task.queue, launches=task.launches)
        if task.placement != wanted:
            message = f"the task is for {task.placement}, and must be for {wanted}"
            yield Violation("placement", ("tasks", task.id, "executor"), message)


def waiting(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """A sensor defers only on queues whose zone has a triggerer of its own."""
    for task in _on_known_queue(dag, limits):
        if task.waits == "defer" and not limits.queues[task.queue].triggerer:
            message = f"the zone of queue '{task.queue}' has no triggerer"
            path = ("tasks", task.id, "with", "mode")
            yield Violation("waiting", path, message, "use mode: reschedule or mode: poke")


def pool(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """A task takes its slots from a pool of its tenant, not more than the pool has."""
    for task in dag.tasks:
        if task.pool not in limits.pools:
            message = f"pool '{task.pool}' is not the tenant's"
            yield Violation(
                "pool", ("tasks", task.id, "pool"), message, did_you_mean(task.pool, limits.pools)
            )
        elif task.pool_slots > limits.pools[task.pool]:
            message = f"{task.pool_slots} slots of pool '{task.pool}', which has {limits.pools[task.pool]}"
            yield Violation("pool", ("tasks", task.id, "pool_slots"), message, "the task would never start")


def retries(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """A task is retried at most `limits.retries` times."""
    for task in dag.tasks:
        if not 0 <= task.retries <= limits.retries:
            remedy = f"at most {limits.retries}: limits.retries in tenant.yaml"
            yield Violation("retries", ("tasks", task.id, "retries"), f"{task.retries} retries", remedy)


def execution_timeout(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """Every task has a time limit, at most the tenant's `limits.execution_timeout`."""
    remedy = f"at most {limits.execution_timeout:g} s: limits.execution_timeout in tenant.yaml"
    for task in dag.tasks:
        path = ("tasks", task.id, "execution_timeout")
        if task.execution_timeout is None:
            yield Violation("execution_timeout", path, "the task has no time limit", remedy)
        elif not 0 < task.execution_timeout <= limits.execution_timeout:
            yield Violation(
                "execution_timeout", path, f"a time limit of {task.execution_timeout:g} s", remedy
            )


def unmanaged(dag: DagFacts, limits: Limits) -> Iterable[Violation]:  # noqa: ARG001 - every rule takes both
    """Nothing is set that the renderer never writes: run_as_user, retry policies, hooks, callbacks."""
    for name in dag.unmanaged:
        yield Violation("unmanaged", (), f"'{name}' of a DAG is the platform's to set")
    for task in dag.tasks:
        for name in task.unmanaged:
            yield Violation("unmanaged", ("tasks", task.id), f"'{name}' of a task is the platform's to set")


def _on_known_queue(dag: DagFacts, limits: Limits) -> Iterable[TaskFacts]:
    return (task for task in dag.tasks if task.queue in limits.queues)
