"""`sql.load` in Airflow."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from aerodrome_airflow.launcher.client import Job
from airflow.providers.common.sql.operators.sql import BaseSQLOperator
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk.exceptions import AirflowException
from psycopg import Cursor, sql

from common_plugins.catalogue.sql_load import SqlLoad
from common_plugins.tenancy import Context, LaunchingMixin, connection_id, tenant

HEADER_LIMIT = 64 * 1024


class SqlLoadOperator(LaunchingMixin, BaseSQLOperator):
    """Stream a CSV file into a table, in one transaction."""

    uses = SqlLoad.uses
    template_fields = SqlLoad.template_fields()

    def __init__(  # noqa: PLR0913 - the parameters of the catalogue entry
        self,
        *,
        connection: str,
        table: str,
        file: Any = None,
        package_file: str | None = None,
        columns: Sequence[str] = (),
        create: Mapping[str, str] | None = None,
        mode: str = "replace",
        replace_where: Any = None,
        header: bool = True,
        delimiter: str = ",",
        null: str = "",
        runtime: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.connection = connection
        self.table = table
        self.file = file
        self.package_file = package_file
        self.columns = columns
        self.create = create
        self.mode = mode
        self.replace_where = replace_where
        self.header = header
        self.delimiter = delimiter
        self.null = null
        self.runtime = runtime

    def execute(self, context: Context) -> int:
        """Return the number of rows that the file brought."""
        self.conn_id = connection_id(context, self.connection)
        hook = self.get_db_hook()
        if not isinstance(hook, PostgresHook):
            raise AirflowException(f"sql.load fills PostgreSQL tables; connection {self.connection} is none")
        connection: Any = hook.get_conn()
        # Leaving the connection without an error commits, with one it rolls back; both close it.
        with connection, connection.cursor() as cursor, contextlib.closing(self._pieces(context)) as pieces:
            self._prepare(cursor)
            rows = self._copy(cursor, pieces)
        self.log.info("%d rows loaded into %s", rows, self.table)
        return rows

    def _pieces(self, context: Context) -> Generator[bytes, None, None]:
        root, path = ("package", self.package_file) if self.file is None else ("data", self.file)
        runtime = self.runtime if root == "package" else None
        job = Job(tenant(context), "read", runtime, {"root": root, "path": path})
        return self.start_launch().read(job, self.log_line)

    def _prepare(self, cursor: Cursor[Any]) -> None:
        for statement, values in preparation(
            self.table, self.create or {}, self.mode, self.replace_where or {}
        ):
            cursor.execute(statement, values or None)

    def _copy(self, cursor: Cursor[Any], pieces: Iterator[bytes]) -> int:
        first = b""
        if self.header:
            header, first = split_header(pieces)
            columns = tuple(self.columns) or named_columns(header, self.delimiter)
        else:
            columns = tuple(self.columns) or tuple(self.create or ())
        with cursor.copy(copy_statement(self.table, columns, self.delimiter, self.null)) as copy:
            copy.write(first)
            for piece in pieces:
                copy.write(piece)
        return cursor.rowcount


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def preparation(
    table: str, create: Mapping[str, str], mode: str, where: Mapping[str, Any]
) -> Iterator[tuple[sql.Composed, Sequence[Any]]]:
    """Yield what comes before the rows: the table, and the end of the rows that the file replaces."""
    if create:
        # The catalogue's model admits nothing but names of types here.
        columns = [
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in create.items()
        ]
        yield (
            sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(_table(table), sql.SQL(", ").join(columns)),
            (),
        )
    if mode == "replace":
        yield sql.SQL("DELETE FROM {}").format(_table(table)), ()
    elif where:
        tests = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in where]
        yield (
            sql.SQL("DELETE FROM {} WHERE {}").format(_table(table), sql.SQL(" AND ").join(tests)),
            list(where.values()),
        )


def copy_statement(table: str, columns: Sequence[str], delimiter: str, null: str) -> sql.Composed:
    """Return the statement that takes the rows."""
    return sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, DELIMITER {}, NULL {})").format(
        _table(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Literal(delimiter),
        sql.Literal(null),
    )


def split_header(pieces: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Return the first line of a file, and what came with it of the rest."""
    begun = b""
    for piece in pieces:
        begun += piece
        if b"\n" in begun or len(begun) > HEADER_LIMIT:
            break
    line, _, rest = begun.partition(b"\n")
    if not line.strip() or len(line) > HEADER_LIMIT:
        raise AirflowException("the file has no header line")
    return line, rest


def named_columns(header: bytes, delimiter: str) -> tuple[str, ...]:
    """Return the columns that a header line names."""
    (columns,) = csv.reader([header.decode("utf-8-sig").rstrip("\r")], delimiter=delimiter)
    return tuple(columns)
