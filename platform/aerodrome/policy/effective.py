"""Settings after defaults and limits: what the renderer writes and the rules judge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from aerodrome import names
from aerodrome.manifest.dag import AllAssets, AnyAsset, DagManifest, Schedule, Task, TaskSettings
from aerodrome.policy.facts import ScheduleKind
from aerodrome.policy.limits import Limits

CONTINUOUS = "@continuous"
# Airflow's own defaults, written out so that another configuration of Airflow changes no DAG.
RETRIES = 0
POOL_SLOTS = 1


@dataclass(frozen=True)
class Settings:
    """The settings that policy has a say in, none of them left open."""

    queue: str
    pool: str
    pool_slots: int
    retries: int
    execution_timeout: timedelta


def defaults(limits: Limits, dag: DagManifest, default_queue: str) -> Settings:
    """Return the settings of a task that says nothing itself."""
    unsaid = Settings(
        queue=default_queue,
        pool=names.pool(limits.tenant),
        pool_slots=POOL_SLOTS,
        retries=RETRIES,
        execution_timeout=timedelta(seconds=limits.execution_timeout),
    )
    return _override(limits.tenant, unsaid, dag.defaults)


def of_task(limits: Limits, base: Settings, task: Task) -> Settings:
    """Return the settings of *task* where *base* is what its DAG's tasks have by default."""
    return _override(limits.tenant, base, task)


def max_active_runs(limits: Limits, dag: DagManifest) -> int:
    """Return how many runs of *dag* there may be at once."""
    unsaid = 1 if dag.schedule == CONTINUOUS else limits.active_runs
    return unsaid if dag.max_active_runs is None else dag.max_active_runs


def max_active_tasks(limits: Limits, dag: DagManifest) -> int:
    """Return how many tasks of one run of *dag* may run at once."""
    return limits.parallelism if dag.max_active_tasks is None else dag.max_active_tasks


def schedule_kind(schedule: Schedule) -> ScheduleKind:
    """Return what starts the runs of a DAG."""
    if schedule is None:
        return "manual"
    if isinstance(schedule, AllAssets | AnyAsset):
        return "assets"
    return "continuous" if schedule == CONTINUOUS else "time"


def _override(tenant: str, base: Settings, said: TaskSettings) -> Settings:
    return Settings(
        queue=said.queue or base.queue,
        pool=base.pool if said.pool is None else names.pool(tenant, said.pool),
        pool_slots=said.pool_slots or base.pool_slots,
        retries=base.retries if said.retries is None else said.retries,
        execution_timeout=base.execution_timeout
        if said.execution_timeout is None
        else said.execution_timeout,
    )
