"""Airflow's database as processes of a cluster reach it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aerodrome_airflow.database import create_async_metadata_engine
from postgres_server import Database
from sqlalchemy import text


def answers(address: str) -> Any:
    """Return what the database at *address* says that ten and one are, asked often enough to prepare the question."""
    engine = create_async_metadata_engine(address, connect_args={}, engine_args={"pool_size": 1})

    async def asked() -> Any:
        async with engine.connect() as connection:
            found = [(await connection.execute(text("select 10 + 1"))).scalar() for _ in range(10)]
            kept = (await connection.execute(text("select count(*) from pg_prepared_statements"))).scalar()
        await engine.dispose()
        return {*found}, kept

    return asyncio.run(asked())


@pytest.mark.parametrize("said", ["", "?sslmode=disable", "?sslmode=prefer"])
def test_the_address_that_the_chart_writes_is_one_for_those_who_do_not_wait(
    postgres: Database, said: str
) -> None:
    """And the server prepares nothing for a connection, which behind PgBouncer is another one the next time."""
    derived = f"{postgres.uri.replace('postgres:', 'postgresql+asyncpg:', 1)}{said}"
    assert answers(derived) == ({11}, 0)
