"""The policy's facts, read from a DAG that Airflow has parsed."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any

from aerodrome import names
from aerodrome.policy.facts import UNREADABLE, DagFacts, ScheduleKind, TaskFacts, scoped_names
from aerodrome.policy.placement import POD_TEMPLATE, Placement

_SCHEDULES: dict[str, ScheduleKind] = {
    "NullTimetable": "manual",
    "ContinuousTimetable": "continuous",
    "AssetTriggeredTimetable": "assets",
}
# What the renderer never writes, with the value that Airflow gives it then.
_UNMANAGED_DAG: dict[str, tuple[Any, ...]] = {
    "on_success_callback": (None,),
    "deadline": (None,),
    "template_searchpath": (None,),
    "user_defined_filters": (None,),
    "render_template_as_native_obj": (False,),
    "fail_fast": (False,),
    "is_paused_upon_creation": (None,),
    "rerun_with_latest_version": (None,),
    # What it writes in every file, and nothing beside it.
    "jinja_environment_kwargs": (None, {}, {"keep_trailing_newline": True}),
}
_UNMANAGED_TASK = (
    "run_as_user",
    "resources",
    "email",
    "retry_policy",
    "on_execute_callback",
    "on_failure_callback",
    "on_success_callback",
    "on_retry_callback",
    "on_skipped_callback",
    "map_index_template",
    # A triggerer would render the task's templates, with all that Airflow knows.
    "start_from_trigger",
)
_OPERATORS = "common_plugins.operators."
_HOOKS = ("_pre_execute_hook", "_post_execute_hook")
_HOOK_KEYWORDS = ("pre_execute", "post_execute")


def facts_of(dag: Any, folder: str) -> DagFacts:
    """Return the facts of an `airflow.sdk.DAG` whose file stands in *folder*."""
    tenant = dag.dag_id.partition(names.SEPARATOR)[0]
    return DagFacts(
        dag_id=dag.dag_id,
        folder=folder,
        tags=tuple(sorted(dag.tags)),
        access=_access(dag.access_control),
        schedule=_SCHEDULES.get(type(dag.timetable).__name__, "time"),
        scheduled_assets=tuple(sorted(set(_asset_names(getattr(dag.timetable, "asset_condition", None))))),
        run_types=tuple(sorted(kind.value for kind in dag.allowed_run_types or ())),
        max_active_runs=dag.max_active_runs,
        max_active_tasks=dag.max_active_tasks,
        alert_channels=_channels(dag.on_failure_callback),
        unmanaged=tuple(_unmanaged_of_dag(dag, tenant)),
        tasks=tuple(_task_facts(tenant, task) for task in sorted(dag.tasks, key=lambda task: task.task_id)),
    )


def _unmanaged_of_dag(dag: Any, tenant: str) -> Iterable[str]:
    yield from (name for name, usual in _UNMANAGED_DAG.items() if getattr(dag, name) not in usual)
    if any(
        not _is_tenants_own(name, value, tenant) for name, value in (dag.user_defined_macros or {}).items()
    ):
        yield "user_defined_macros"


def _is_tenants_own(name: str, value: Any, tenant: str) -> bool:
    from aerodrome_airflow.tenant_values import TenantValues

    # A subclass could do anything.
    return name == "tenant" and type(value) is TenantValues and vars(value)["_tenant"] == tenant


def _task_facts(tenant: str, task: Any) -> TaskFacts:
    entry = _entry(task)
    timeout: timedelta | None = task.execution_timeout
    return TaskFacts(
        id=task.task_id,
        uses=entry.uses if entry else "",
        operator=_operator(task),
        owner=task.owner,
        queue=task.queue,
        pool=task.pool,
        pool_slots=task.pool_slots,
        retries=task.retries or 0,
        execution_timeout=timeout.total_seconds() if isinstance(timeout, timedelta) else None,
        log_field=_said(task, "logger_name", "_logger_name"),
        connections=_names(tenant, task, entry, "connection"),
        variables=_names(tenant, task, entry, "variable"),
        triggers=_names(tenant, task, entry, "dag"),
        assets=tuple(
            sorted({name for asset in (*task.inlets, *task.outlets) for name in _asset_names(asset)})
        ),
        waits=_waits(task, entry),
        runs_tenant_text=bool(entry and entry.runs_tenant_text),
        launches=bool(entry and entry.launches),
        placement=_placement(task),
        unmanaged=_unmanaged(task),
    )


def _class_of(task: Any) -> type:
    return getattr(task, "operator_class", None) or type(task)


def _operator(task: Any) -> str:
    return f"{_class_of(task).__module__}:{_class_of(task).__name__}"


def _entry(task: Any) -> Any:
    """Return the catalogue entry whose operator *task* is, or None."""
    module = _class_of(task).__module__
    if not module.startswith(_OPERATORS):
        return None
    return _entry_of(module.removeprefix(_OPERATORS), _operator(task))


@cache
def _entry_of(module: str, operator: str) -> Any:
    # An operator and its entry are two files of one name: what was parsed has loaded both, and no others.
    try:
        found = vars(importlib.import_module(f"common_plugins.catalogue.{module}")).values()
    except ImportError:
        return None
    return next((item for item in found if getattr(item, "operator", None) == operator), None)


def _is_mapped(task: Any) -> bool:
    return hasattr(task, "partial_kwargs")


def _said(task: Any, keyword: str, attribute: str | None = None) -> Any:
    """Return what the file gives *keyword* of an operator; for a mapped one the values of all copies."""
    if not _is_mapped(task):
        return getattr(task, attribute or keyword, None)
    expanded = task.expand_input.value
    if isinstance(expanded, dict) and keyword in expanded:
        return expanded[keyword]
    return task.partial_kwargs.get(keyword)


def _names(tenant: str, task: Any, entry: Any, kind: str) -> tuple[str, ...]:
    if entry is None:
        return ()
    said = [_said(task, name) for name in entry.model_fields if entry.kind_of(name) == kind]
    if kind == "dag" and not _is_mapped(task):
        # The operator has written the tenant before the name by now.
        return tuple(sorted({name if isinstance(name, str) else UNREADABLE for name in said}))
    return scoped_names(tenant, kind, said)


def _placement(task: Any) -> Placement:
    config = _said(task, "executor_config") or {}
    plain = isinstance(config, dict) and set(config) <= {POD_TEMPLATE}
    return Placement(_said(task, "executor") or None, config.get(POD_TEMPLATE) if plain else UNREADABLE)


def _waits(task: Any, entry: Any) -> str:
    if entry is None or not entry.sensor:
        return ""
    if not _is_mapped(task):
        return "defer" if getattr(task, "deferrable", False) else str(task.mode)
    said = _said(task, "mode")
    return str(entry.model_fields["mode"].default if said is None else said)


def _unmanaged(task: Any) -> tuple[str, ...]:
    if _is_mapped(task):
        return tuple(name for name in (*_UNMANAGED_TASK, *_HOOK_KEYWORDS) if _said(task, name))
    return tuple(name for name in (*_UNMANAGED_TASK, *_HOOKS) if getattr(task, name, None))


def _access(access_control: Any) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        sorted(
            (str(role), str(resource), str(action))
            for role, rights in (access_control or {}).items()
            for resource, actions in rights.items()
            for action in actions
        )
    )


def _asset_names(asset: Any) -> Iterable[str]:
    if asset is None:
        return
    if (parts := getattr(asset, "objects", None)) is not None:
        for part in parts:
            yield from _asset_names(part)
    else:
        yield str(getattr(asset, "name", UNREADABLE))


def _channels(callback: Any) -> tuple[str, ...]:
    from aerodrome_airflow.alerts import FailureAlert

    # A subclass could do anything; another callback beside it as well.
    return callback.channels if type(callback) is FailureAlert else ()
