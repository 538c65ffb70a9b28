"""Whose task a token is: Airflow's own validation, then the task's DAG from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from aerodrome import names

from aerodrome_airflow.guard.rules import Caller

if TYPE_CHECKING:
    from cachetools import TTLCache
    from starlette.requests import Request

SECONDS, SIZE = 60, 10_000


class Callers:
    """Finds the tenant of a token's task, and remembers it for a short time: a task never changes its DAG."""

    def __init__(self) -> None:
        from cachetools import TTLCache

        self._tenants: TTLCache[UUID, str | None] = TTLCache(SIZE, SECONDS)

    async def find(self, request: Request, execution: Any) -> Caller:
        """Return who asks; HTTPException where the token is missing or not valid."""
        task = await _task(request, execution)
        if task not in self._tenants:
            dag = await _dag(task)
            if dag is None:
                return Caller(task, None)
            self._tenants[task] = _tenant(dag)
        return Caller(task, self._tenants[task])


async def _task(request: Request, execution: Any) -> UUID:
    """Return the task of the token by Airflow's own check, which it then need not make a second time."""
    import svcs
    from airflow.api_fastapi.execution_api.security import JWTBearer

    async with svcs.Container(execution.state.svcs_registry) as services:
        token = await JWTBearer()(request, services)
    return token.id  # type: ignore[union-attr]


async def _dag(task: UUID) -> str | None:
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskinstancehistory import TaskInstanceHistory
    from airflow.utils.session import create_session_async
    from sqlalchemy import select, union_all

    now = select(TaskInstance.dag_id).where(TaskInstance.id == task)
    # A task that was cleared lives on under another number; the old one still hears that it must end.
    before = select(TaskInstanceHistory.dag_id).where(TaskInstanceHistory.task_instance_id == task)
    async with create_session_async() as session:
        found: str | None = await session.scalar(union_all(now, before))
    return found


def _tenant(dag: str) -> str | None:
    try:
        return names.tenant_of(dag)
    except ValueError:
        return None
