"""Rows of Airflow's tables that a request may read or change: those of its person's tenants.

Airflow filters most of its lists by DAG and some by nothing. Here each statement that a confined request sends gets
the condition itself, table by table, joins and subqueries included, so that a list that forgets its filter shows
nothing of others. A table that this module does not know shows no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, event, false, or_, select, true
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import visitors

Tenants = frozenset[str]
Condition = Callable[[Any, Tenants], ColumnElement[bool]]

_TENANTS: ContextVar[Tenants | None] = ContextVar("aerodrome_tenants", default=None)


class UnconfinedStatement(RuntimeError):
    """A confined request read a table past the models, where no condition can be added."""


@contextmanager
def confined(tenants: Tenants) -> Iterator[None]:
    """Let every statement of this context see the rows of *tenants* only."""
    token = _TENANTS.set(tenants)
    try:
        yield
    finally:
        _TENANTS.reset(token)


def install() -> None:
    """Add the conditions to all statements of this process; asking again changes nothing."""
    if not event.contains(Session, "do_orm_execute", _confine):
        event.listen(Session, "do_orm_execute", _confine)


def _confine(state: ORMExecuteState) -> None:
    tenants = _TENANTS.get()
    # A column that is loaded later belongs to an object that was already allowed.
    if tenants is None or state.is_column_load or state.is_insert:
        return
    if state.is_orm_statement:
        state.statement = state.statement.options(*_criteria(tenants))
    elif _names_tenants_table(state.statement):
        raise UnconfinedStatement("a table was read past Airflow's models")


def _names_tenants_table(statement: Any) -> bool:
    known = _tables()
    return any(
        getattr(element, "name", None) in known
        for element in visitors.iterate(statement)
        if element.__visit_name__ == "table"
    )


@lru_cache(maxsize=1)
def _tables() -> frozenset[str]:
    return frozenset(
        str(mapper.local_table.name) for mapper in _mappers() if condition_of(mapper.class_) is not _everybody
    )


@lru_cache(maxsize=256)
def _criteria(tenants: Tenants) -> tuple[Any, ...]:
    return tuple(
        with_loader_criteria(mapper.class_, condition(mapper.class_, tenants), include_aliases=True)
        for mapper in _mappers()
        if (condition := condition_of(mapper.class_)) is not _everybody
    )


def _mappers() -> tuple[Any, ...]:
    from airflow.models import import_all_models
    from airflow.models.base import Base

    import_all_models()  # type: ignore[no-untyped-call]
    return tuple(sorted(Base.registry.mappers, key=lambda mapper: str(mapper.class_.__name__)))


def condition_of(model: Any) -> Condition:
    """Return the condition for the rows of *model*."""
    special = _SPECIAL.get(model.__name__)
    if special is not None:
        return special
    columns = model.__table__.columns
    found = next((name for name in _DAG_COLUMNS if name in columns), None)
    return _nobody if found is None else scoped(found)


def is_decided(model: Any) -> bool:
    """Return whether somebody has thought about the rows of *model*."""
    return model.__name__ in _SPECIAL or any(name in model.__table__.columns for name in _DAG_COLUMNS)


_DAG_COLUMNS = ("dag_id", "target_dag_id")


def scoped(column: str) -> Condition:
    """Return the condition that *column* begins with a tenant and a point."""
    return lambda model, tenants: begins(getattr(model, column), tenants, ".")


def begins(column: Any, tenants: Tenants, separator: str) -> ColumnElement[bool]:
    """Return whether *column* begins with one of *tenants* and *separator*; a slug holds no wildcard."""
    return or_(false(), *(column.like(f"{tenant}{separator}%") for tenant in sorted(tenants)))


def _everybody(_model: Any, _tenants: Tenants) -> ColumnElement[bool]:
    return true()


def _nobody(_model: Any, _tenants: Tenants) -> ColumnElement[bool]:
    return false()


def _of_parent(column: str, table: str, key: str = "id", name: str = "dag_id") -> Condition:
    """Return the condition that *column* points at a row of *table* that is a tenant's."""

    def condition(model: Any, tenants: Tenants) -> ColumnElement[bool]:
        parent = model.__table__.metadata.tables[table]
        own = select(parent.c[key]).where(begins(parent.c[name], tenants, "."))
        return getattr(model, column).in_(own)  # type: ignore[no-any-return]

    return condition


def _pools(model: Any, tenants: Tenants) -> ColumnElement[bool]:
    return or_(model.pool.in_(sorted(tenants)), begins(model.pool, tenants, "."))


def _files(model: Any, tenants: Tenants) -> ColumnElement[bool]:
    return begins(model.filename, tenants, "/")


def _asset_events(model: Any, tenants: Tenants) -> ColumnElement[bool]:
    own_asset = _of_parent("asset_id", "asset", name="name")(model, tenants)
    by_hand = model.source_dag_id.is_(None)
    return own_asset & or_(by_hand, begins(model.source_dag_id, tenants, "."))


_SPECIAL: dict[str, Condition] = {
    "AssetActive": scoped("name"),
    "AssetAliasModel": _nobody,
    "AssetEvent": _asset_events,
    "AssetModel": scoped("name"),
    "AssetStateStoreModel": _of_parent("asset_id", "asset", name="name"),
    "AssetWatcherModel": _of_parent("asset_id", "asset", name="name"),
    "BackfillDagRun": _of_parent("backfill_id", "backfill"),
    "Connection": scoped("conn_id"),
    "ConnectionTestRequest": _nobody,
    "DagRunNote": _of_parent("dag_run_id", "dag_run"),
    "Deadline": _of_parent("dagrun_id", "dag_run"),
    "DeadlineAlert": _of_parent("serialized_dag_id", "serialized_dag"),
    "HITLDetail": _of_parent("ti_id", "task_instance"),
    "HITLDetailHistory": _of_parent("ti_history_id", "task_instance_history", key="task_instance_id"),
    "ParseImportError": _files,
    "Pool": _pools,
    "TaskInstanceNote": _of_parent("ti_id", "task_instance"),
    "TaskReschedule": _of_parent("ti_id", "task_instance"),
    "Variable": scoped("key"),
    # Shown only through a row that is filtered itself.
    "Callback": _everybody,
    "DagProcessorCallback": _everybody,
    "ExecutorCallback": _everybody,
    "TriggererCallback": _everybody,
    "Trigger": _everybody,
    # No tenant's: what the platform itself is made of.
    "DagBundleModel": _everybody,
    "DagPriorityParsingRequest": _everybody,
    # The state of the platform's own processes; the route that lists them is closed to tenants.
    "Job": _everybody,
    "LogTemplate": _everybody,
    "RevokedToken": _everybody,
    "Team": _everybody,
}
