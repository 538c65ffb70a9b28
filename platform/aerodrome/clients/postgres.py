"""PostgreSQL's roles and databases (psycopg)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from aerodrome.errors import AerodromeError

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class RoleLimits:
    """What a role may take: *connections* (-1: any number), *settings* of its sessions, *reserved* connections.

    A role can change those settings of its own that PostgreSQL lets every user set, such as time limits.
    """

    connections: int = -1
    settings: Mapping[str, str] = field(default_factory=dict)
    reserved: bool = False

    def met_by(self, live: RoleLimits | None) -> bool:
        """Return whether *live* is as asked for; settings that the role made for itself are its own affair."""
        return (
            live is not None
            and (live.connections, live.reserved) == (self.connections, self.reserved)
            and self.settings.items() <= live.settings.items()
        )


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

    def ensure_database(
        self, database: str, role: str, password: str, limits: RoleLimits | None = None
    ) -> bool:
        """Make *role* with its limits and *database*, which nobody else may connect to; return whether it is new."""
        with self._connection() as connection:
            _ensure_role(connection, role, password)
            _limit(connection, role, limits or RoleLimits())
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

    def limits(self) -> dict[str, RoleLimits]:
        """Return role → what it may take."""
        query = """
            SELECT rolname, rolconnlimit, coalesce(rolconfig, '{}'),
                   pg_has_role(oid, 'pg_use_reserved_connections', 'member') AND NOT rolsuper
            FROM pg_roles
        """
        with self._connection() as connection:
            rows: list[Any] = connection.execute(query).fetchall()
        return {
            name: RoleLimits(number, dict(setting.split("=", 1) for setting in settings), reserved)
            for name, number, settings, reserved in rows
        }

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
    def _connection(self) -> Iterator[Connection]:
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


def _ensure_role(connection: Connection, role: str, password: str) -> None:
    if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    connection.execute(
        sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(password)
        )
    )


def _limit(connection: Connection, role: str, limits: RoleLimits) -> None:
    name = sql.Identifier(role)
    number = sql.Literal(limits.connections)
    connection.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT {}").format(name, number))
    for setting, value in limits.settings.items():
        change = sql.SQL("ALTER ROLE {} SET {} = {}")
        connection.execute(change.format(name, sql.Identifier(setting), sql.Literal(value)))
    how: LiteralString = (
        "GRANT pg_use_reserved_connections TO {}"
        if limits.reserved
        else ("REVOKE pg_use_reserved_connections FROM {}")
    )
    connection.execute(sql.SQL(how).format(name))


def _close_to_public(connection: Connection, database: str) -> None:
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))


def _exists(connection: Connection, query: str, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None
