"""Limits and facts from tenant folders, and the mistakes that the rules find in them."""

from __future__ import annotations

from collections.abc import Iterable

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.errors import Problem
from aerodrome.manifest.dag import AllAssets, AnyAsset, DagManifest, Schedule, Task
from aerodrome.manifest.loaded import LoadedDag, LoadedTenant
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.policy import effective, facts, offers
from aerodrome.policy.facts import DagFacts, TaskFacts, Violation
from aerodrome.policy.limits import Limits
from aerodrome.policy.parameters import named
from aerodrome.policy.placement import placement
from aerodrome.policy.rules import violations
from aerodrome.source.place import Path


def policy_problems(
    tenant: LoadedTenant, environment: Environment, told: Iterable[Problem] = ()
) -> tuple[Problem, ...]:
    """Return every mistake that the rules find in the manifests of *tenant*, placed in the manifests.

    Of a manifest that the loader refused, the rules see what could be read; where the loader *told* a mistake of
    the same task, field or place, they keep quiet: theirs may be no more than its echo.
    """
    limits = limits_of(tenant, environment)
    heard = {mark for problem in told for mark in _marks(problem)}
    return tuple(
        problem
        for dag in (*tenant.dags, *tenant.refused)
        for problem in violations_as_problems(dag, violations(facts_of(tenant, dag, limits), limits))
        if not heard & _marks(problem)
    )


def _marks(problem: Problem) -> set[tuple[str, str]]:
    parts = problem.field.split(".")
    subject = ".".join(parts[:2]) if parts[0] == "tasks" else parts[0].partition("[")[0]
    return {(problem.file, subject), (problem.file, f"{problem.line}:{problem.column}")}


def limits_of(tenant: LoadedTenant, environment: Environment) -> Limits:
    """Return what *tenant* may do in *environment*: its own limits under the environment's ceiling."""
    model = tenant.model
    ceiling = environment.limits
    timeout = min(model.limits.execution_timeout, ceiling.execution_timeout)
    return Limits(
        tenant=tenant.name,
        environment=environment.name,
        owner=model.owners[0].name,
        queues=offers.queues(model.queues, environment),
        reserved_queues=offers.reserved_queues(environment),
        pools=pools(tenant.name, model, environment),
        parallelism=_parallelism(model, environment),
        active_runs=min(model.limits.active_runs, ceiling.active_runs),
        retries=min(model.limits.retries, ceiling.retries),
        execution_timeout=timeout.total_seconds(),
        connections=_connections(tenant.name, model, environment),
        variables=_variables(tenant.name, model, environment),
        forbidden_operators=tuple(sorted(environment.operators.forbidden)),
        triggered_dags=tuple(sorted(set(_triggered(tenant)))),
        channels=offers.channels(model.alert_channels, environment),
    )


def facts_of(tenant: LoadedTenant, dag: LoadedDag, limits: Limits) -> DagFacts:
    """Return the facts of the DAG that the renderer makes of *dag*."""
    model = dag.model
    dag_id = names.dag_id(tenant.name, model.dag_id)
    schedule = effective.schedule_kind(model.schedule)
    base = effective.defaults(limits, model, tenant.model.queues[0])
    return DagFacts(
        dag_id=dag_id,
        folder=tenant.name,
        tags=tuple(sorted({names.tag(tenant.name), *model.tags})),
        access=facts.access_facts(tenant.name),
        schedule=schedule,
        scheduled_assets=_scheduled_assets(tenant.name, model.schedule),
        run_types=facts.run_types(schedule, triggered=dag_id in limits.triggered_dags),
        max_active_runs=effective.max_active_runs(limits, model),
        max_active_tasks=effective.max_active_tasks(limits, model),
        alert_channels=tuple(channel.name for channel in limits.channels),
        unmanaged=(),
        tasks=tuple(
            _task_facts(limits, base, dag, task) for task in sorted(model.tasks, key=lambda task: task.id)
        ),
    )


def violations_as_problems(dag: LoadedDag, found: Iterable[Violation]) -> tuple[Problem, ...]:
    """Return *found* with file, line and column of the value that breaks the rule."""
    return tuple(_problem(dag, violation) for violation in found)


def _task_facts(limits: Limits, base: effective.Settings, dag: LoadedDag, task: Task) -> TaskFacts:
    entry = dag.parameters[task.id]
    settings = effective.of_task(limits, base, task)
    tenant = limits.tenant
    return TaskFacts(
        id=task.id,
        uses=entry.uses,
        operator=entry.operator,
        owner=limits.owner,
        queue=settings.queue,
        pool=settings.pool,
        pool_slots=settings.pool_slots,
        retries=settings.retries,
        execution_timeout=settings.execution_timeout.total_seconds(),
        log_field=tenant,
        connections=named(tenant, entry, task, "connection"),
        variables=named(tenant, entry, task, "variable"),
        triggers=named(tenant, entry, task, "dag"),
        assets=tuple(sorted({names.asset(tenant, name) for name in (*task.produces, *task.consumes)})),
        waits=getattr(entry, "mode", "poke") if entry.sensor else "",
        runs_tenant_text=entry.runs_tenant_text,
        launches=entry.launches,
        placement=placement(limits, settings.queue, launches=entry.launches),
    )


def pools(tenant: str, model: TenantManifest, environment: Environment) -> dict[str, int]:
    """Return the tenant's pools and their slots: those that it names, and its own with what they leave."""
    named = {names.pool(tenant, name): slots for name, slots in model.pools.items()}
    return offers.pools(tenant, named, _parallelism(model, environment))


def _parallelism(model: TenantManifest, environment: Environment) -> int:
    return min(model.limits.parallelism, environment.limits.parallelism)


def _connections(tenant: str, model: TenantManifest, environment: Environment) -> dict[str, tuple[str, ...]]:
    own = {
        names.connection_id(tenant, name): model.queues if connection.queues is None else connection.queues
        for name, connection in model.connections.items()
    }
    shared = environment.secrets.global_connections
    return own | {names.connection_id(names.GLOBAL, name): model.queues for name in shared}


def _variables(tenant: str, model: TenantManifest, environment: Environment) -> tuple[str, ...]:
    own = (names.variable_key(tenant, name) for name in model.variables)
    shared = (names.variable_key(names.GLOBAL, name) for name in environment.secrets.global_variables)
    return tuple(sorted({*own, *shared}))


def _triggered(tenant: LoadedTenant) -> Iterable[str]:
    for dag in tenant.dags:
        for task in dag.model.tasks:
            yield from named(tenant.name, dag.parameters[task.id], task, "dag")


def _scheduled_assets(tenant: str, schedule: Schedule) -> tuple[str, ...]:
    if isinstance(schedule, AllAssets):
        return tuple(sorted({names.asset(tenant, name) for name in schedule.all_assets}))
    if isinstance(schedule, AnyAsset):
        return tuple(sorted({names.asset(tenant, name) for name in schedule.any_asset}))
    return ()


def _problem(dag: LoadedDag, violation: Violation) -> Problem:
    line, column = dag.positions.locate(_path_in_file(dag.model, violation.path))
    field = ".".join(str(part) for part in violation.path)
    return Problem(dag.path, line, column, field, violation.message, violation.remedy)


def _path_in_file(model: DagManifest, path: Path) -> Path:
    """Return *path* with the task's position for its id; in `defaults` where the value stands there."""
    if len(path) < 2 or path[0] != "tasks":
        return path
    index = next(index for index, task in enumerate(model.tasks) if task.id == path[1])
    field = str(path[2]) if len(path) > 2 else ""
    said = field in model.tasks[index].model_fields_set
    if not said and field in model.defaults.model_fields_set:
        return ("defaults", field)
    return ("tasks", index, *path[2:])
