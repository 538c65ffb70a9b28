"""PostgreSQL's roles and databases (psycopg)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from aerodrome.errors import AerodromeError


@dataclass(frozen=True)
class Server:
    """An administrator's access to one server."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def answers(self) -> bool:
        """Return whether the server takes connections."""
        try:
            with self._connection():
                return True
        except AerodromeError:
            return False

    def databases(self) -> frozenset[str]:
        """Return the names of all databases."""
        return self._names("SELECT datname FROM pg_database")

    def roles(self) -> frozenset[str]:
        """Return the names of all roles."""
        return self._names("SELECT rolname FROM pg_roles")

    def ensure_database(self, database: str, role: str, password: str) -> bool:
        """Make *role* and its *database*, which nobody else may connect to; return whether it is new."""
        with self._connection() as connection:
            if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
            )
            new = not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database)
            if new:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(database), sql.Identifier(role)
                    )
                )
            # Each time: who was interrupted in between left it open.
            _close_to_public(connection, database)
            return new

    def drop_database(self, database: str, role: str) -> None:
        """Delete *database* with all that is in it, whoever is connected, and *role*."""
        with self._connection() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))

    def close_to_public(self, *databases: str) -> None:
        """Let nobody but owners and administrators connect to *databases*."""
        with self._connection() as connection:
            for database in databases:
                _close_to_public(connection, database)

    def _names(self, query: sql.SQL | str) -> frozenset[str]:
        with self._connection() as connection:
            rows = connection.execute(query).fetchall()
        return frozenset(str(row[0]) for row in rows)

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        try:
            connection = psycopg.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                dbname="postgres",
                connect_timeout=3,
                autocommit=True,
            )
        except psycopg.Error as problem:
            raise AerodromeError(f"PostgreSQL at {self.host}:{self.port}: {str(problem).strip()}") from None
        try:
            yield connection
        except psycopg.Error as problem:
            raise AerodromeError(f"PostgreSQL at {self.host}:{self.port}: {str(problem).strip()}") from None
        finally:
            connection.close()


def _close_to_public(connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))


def _exists(connection: psycopg.Connection[tuple[object, ...]], query: str, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None
