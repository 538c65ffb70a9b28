"""How processes in a cluster reach the database where they do not wait for it: airflow_local_settings.py has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_DERIVED, _WANTED = "postgresql+asyncpg:", "postgresql+psycopg:"


def create_async_metadata_engine(
    sql_alchemy_conn_async: str,
    *,
    connect_args: Mapping[str, Any],
    engine_args: Mapping[str, Any] | None = None,
) -> AsyncEngine:
    """Return the engine for an address that Airflow derives from the one that everybody else connects with.

    That one ends in `?sslmode=…`, which asyncpg refuses: every task's first request would be answered with 500. Nor
    does asyncpg work behind PgBouncer, unless it prepares no statements. psycopg takes the address as it is.
    """
    from sqlalchemy.ext.asyncio import create_async_engine

    address = sql_alchemy_conn_async.replace(_DERIVED, _WANTED, 1)
    unprepared = {"prepare_threshold": None} if address.startswith(_WANTED) else {}
    return create_async_engine(
        address, connect_args={**unprepared, **connect_args}, future=True, **(engine_args or {})
    )
