"""PostgreSQL whose rows come to the worker one by one, and only as many as are asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain, islice
from typing import Any, Self, cast

from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import BaseHook
from psycopg import Connection, Cursor, DatabaseError, ProgrammingError
from psycopg.pq import TransactionStatus
from sqlparse.engine import FilterStack

# To read a longer text word by word would cost more than it saves.
_LONGEST = 100_000
# These bring no rows unless they say so, and tell how many they changed only where they are not streamed.
_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
_FINE = (TransactionStatus.IDLE, TransactionStatus.INTRANS)


def brings_rows(sql: str) -> bool:
    """Return whether *sql* is one statement that may bring rows."""
    if len(sql) > _LONGEST:
        return False
    read: Any = FilterStack
    statements = [one for one in read().run(sql) if one.token_first(skip_cm=True) is not None]
    if len(statements) != 1:
        return False
    first = statements[0].token_first(skip_cm=True).normalized.upper()
    words = {token.normalized for token in statements[0].flatten() if token.is_keyword}
    return "RETURNING" in words or first not in _CHANGES


class StreamedCursor(Cursor[Any]):
    """A cursor that holds one row at a time; without it the driver fetches all of a result before the first.

    The connection waits for ever for who uses it again before all rows were fetched or the cursor was closed.
    """

    # What brings the rows, and the rows themselves; None where nothing is streamed.
    _source: Generator[Any, None, None] | None = None
    _left: Iterator[Any] = iter(())

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Run *query*; where it is one statement that may bring rows, they are left with the server."""
        self._forget()
        if isinstance(query, str) and brings_rows(query):
            self._begin(query, params)
            return self
        return super().execute(query, params, **options)

    def _begin(self, query: str, params: Any) -> None:
        source = cast(Generator[Any, None, None], self.stream(query, params))
        try:
            first = list(islice(source, 1))
        except ProgrammingError as problem:
            # A statement without a result, such as SET, has run all the same.
            if problem.sqlstate is not None or self.connection.info.transaction_status not in _FINE:
                raise
        else:
            self._source, self._left = source, chain(first, source)

    @property
    def description(self) -> Any:
        """The columns; [] where a query brought no row; None after a statement that brings none."""
        known = super().description
        return [] if known is None and self._source is not None else known

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return super().fetchone() if self._source is None else next(self._left, None)

    def fetchmany(self, size: int = 0) -> list[Any]:
        """Return the next *size* rows, or those that are left."""
        if self._source is None:
            return super().fetchmany(size)
        return list(islice(self._left, size or self.arraysize))

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return super().fetchall() if self._source is None else list(self._left)

    def close(self) -> None:
        """End the statement, wherever it is."""
        self._forget()
        super().close()

    def _forget(self) -> None:
        source, self._source, self._left = self._source, None, iter(())
        if source is not None:
            source.close()


class StreamedPostgresHook(PostgresHook):
    """The provider's hook with cursors that hold one row at a time."""

    def get_conn(self) -> Any:
        """Return a new connection."""
        connection = super().get_conn()
        if isinstance(connection, Connection):
            connection.cursor_factory = StreamedCursor
        return connection

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run statements; MemoryError where this process has too little for a single row."""
        try:
            return super().run(*args, **kwargs)
        except DatabaseError as problem:
            # The driver's words; where the server's memory runs out, it says so with a code.
            if problem.sqlstate is None and "memory" in str(problem):
                raise MemoryError(str(problem)) from None
            raise


class StreamedSqlMixin:
    """An SQL operator that needs memory for the rows that it takes, and not for those that there are."""

    @classmethod
    def get_hook(cls, conn_id: str, hook_params: dict[str, Any] | None = None) -> Any:
        """Return the hook of the connection *conn_id*."""
        connection = BaseHook.get_connection(conn_id)
        if connection.conn_type != PostgresHook.conn_type:
            return super().get_hook(conn_id, hook_params)  # type: ignore[misc]
        return StreamedPostgresHook(conn_id, **{**connection.extra_dejson, **(hook_params or {})})
