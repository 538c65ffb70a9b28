"""Whose task a token is, and whether it has ended: Airflow's own validation, then the task from the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aerodrome import names

from aerodrome_airflow.guard.rules import Caller, Phase

if TYPE_CHECKING:
    from cachetools import TTLCache
    from starlette.requests import Request

# For so long a task is taken for running that has just ended.
SECONDS, SIZE = 5, 10_000
# A process that has had its time to clean up is told to end, and killed when it does not.
KILLED_SECONDS = 10


class Callers:
    """Finds the tenant of a token's task, and remembers it for a short time while the task has not ended."""

    def __init__(self) -> None:
        from cachetools import TTLCache

        self._running: TTLCache[UUID, Caller] = TTLCache(SIZE, SECONDS)

    async def find(self, request: Request, execution: Any) -> Caller:
        """Return who asks; HTTPException where the token is missing or not valid."""
        task = await _task(request, execution)
        if known := self._running.get(task):
            return known
        row = await _row(task)
        if row is None:
            return Caller(task, None)
        caller = Caller(task, _tenant(row.dag_id), _phase(row))
        # An end is not remembered: a task that was taken out of its DAG may come back under the same number.
        if caller.phase == "running":
            self._running[task] = caller
        return caller


async def _task(request: Request, execution: Any) -> UUID:
    """Return the task of the token by Airflow's own check, which it then need not make a second time."""
    import svcs
    from airflow.api_fastapi.execution_api.security import JWTBearer

    async with svcs.Container(execution.state.svcs_registry) as services:
        token = await JWTBearer()(request, services)
    return token.id  # type: ignore[union-attr]


async def _row(task: UUID) -> Any:
    """Return DAG, state and last change of *task*; None where it is in no table."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskinstancehistory import TaskInstanceHistory
    from airflow.utils.session import create_session_async
    from sqlalchemy import select, union_all

    now, before = (
        select(table.dag_id, table.state, table.updated_at).where(number == task)
        # A task that is tried again or was cleared lives on under another number, and the old one has ended.
        for table, number in (
            (TaskInstance, TaskInstance.id),
            (TaskInstanceHistory, TaskInstanceHistory.task_instance_id),
        )
    )
    async with create_session_async() as session:
        return (await session.execute(union_all(now, before))).first()


def _phase(row: Any) -> Phase:
    """Return whether the task has ended, and had the time that Airflow gives it to clean up.

    The end that stands in the database is what the task has told; its last change is the server's own time.
    """
    from airflow.configuration import conf
    from airflow.utils.state import State

    if row.state not in State.finished:
        return "running"
    granted = conf.getfloat("core", "task_success_overtime") + KILLED_SECONDS
    since = row.updated_at and (datetime.now(UTC) - row.updated_at).total_seconds()
    return "cleaning up" if since is not None and since <= granted else "ended"


def _tenant(dag: str) -> str | None:
    try:
        return names.tenant_of(dag)
    except ValueError:
        return None
