"""Rows come to the worker one by one: what a query could bring is no matter of the worker's memory."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from own_memory import frugal, kilobytes

from common_plugins.hooks.streamed_postgres import brings_rows
from common_plugins.rows import ResultTooLargeError

HUGE = "SELECT repeat(md5(n::text), 30) AS x FROM generate_series(1, 120000) AS n"


@pytest.fixture(name="frugal")
def of_little_memory() -> Iterator[None]:
    """The test may never take more than a few megabytes."""
    with frugal(60):
        yield


@pytest.fixture
def query(run: Any, warehouse: Any) -> Any:
    """Return the result of a query."""
    return lambda sql, **parameters: run("sql.query", connection="warehouse", sql=sql, **parameters)


def test_result_of_gigabytes_is_refused_by_its_rows(query: Any, frugal: None) -> None:
    """The message is about `max_rows`, as for any other, and it does not come after all of them."""
    with pytest.raises(ResultTooLargeError, match="more than 10 rows"):
        query(HUGE, max_rows=10)


def test_rows_that_nobody_wants_are_not_held(query: Any, run: Any, warehouse: Any, frugal: None) -> None:
    """Neither where the result is nothing nor where a check looks at the first row."""
    assert query(HUGE, result="none") is None
    check = {"name": "n", "sql": HUGE.replace("SELECT", "SELECT n,"), "equals": 1}
    run("sql.check", connection="warehouse", checks=[check])


def test_large_chart_is_refused_by_its_rows(run: Any, warehouse: Any, launcher: Any, frugal: None) -> None:
    """The same holds for a chart."""
    with pytest.raises(AirflowException, match="10000 points at most"):
        run("sql.chart", connection="warehouse", sql=HUGE.replace("SELECT", "SELECT n,"), file="x.png")


def test_what_a_row_does_is_done_for_all_rows(query: Any, run: Any, warehouse: Any) -> None:
    """A statement runs to its end whatever is taken of its result."""
    query("CREATE TABLE t (n int); CREATE SEQUENCE s")
    query("SELECT nextval('s') FROM generate_series(1, 500)", result="none")
    assert warehouse("SELECT last_value FROM s") == [(500,)]
    sql = "INSERT INTO t SELECT generate_series(1, 500) RETURNING n"
    run("sql.check", connection="warehouse", checks=[{"name": "n", "sql": sql}])
    assert warehouse("SELECT count(*) FROM t") == [(500,)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("VALUES (1), (2)", [{"column1": 1}, {"column1": 2}]),
        ("SELECT 1 AS n WHERE false", []),
        ("WITH x AS (INSERT INTO t VALUES (1) RETURNING n) SELECT n FROM x", [{"n": 1}]),
        ("WITH x AS (SELECT 2 AS n) INSERT INTO t SELECT n FROM x", None),
        ("INSERT INTO t VALUES (3), (4) RETURNING n", [{"n": 3}, {"n": 4}]),
        ("INSERT INTO t VALUES (5)", None),
        ("SET LOCAL work_mem = '8MB'", None),
        ("SHOW server_encoding", [{"server_encoding": "UTF8"}]),
        ("DO $$ BEGIN PERFORM 1; END $$", None),
        ("CREATE TABLE u AS SELECT 1 AS n", None),
        ("-- a comment\nSELECT 1 AS n; -- another", [{"n": 1}]),
        ("/* only a comment */", None),
        ("SELECT 1 AS n; SELECT 2 AS n", [{"n": 1}]),
        ("CREATE TABLE v (n int); INSERT INTO v VALUES (1)", None),
    ],
)
def test_every_kind_of_statement_runs(query: Any, warehouse: Any, sql: str, expected: Any) -> None:
    """With rows, without a row, and without a result."""
    query("CREATE TABLE t (n int)")
    assert query(sql) == expected


def test_error_in_a_late_row_undoes_everything(query: Any, warehouse: Any) -> None:
    """An error that comes while rows are taken fails the task as one at the start does."""
    query("CREATE TABLE t (n int)")
    with pytest.raises(Exception, match="division by zero"):
        query(["INSERT INTO t VALUES (1)", "SELECT 1 / (500 - n) FROM generate_series(1, 600) AS n"])
    assert warehouse("SELECT count(*) FROM t") == [(0,)]


def test_error_of_a_statement_without_rows_is_told(query: Any) -> None:
    """A statement that fails is not taken for one without a result."""
    with pytest.raises(Exception, match="unrecognized configuration parameter"):
        query("SET nonsense = 1")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1", True),
        ("  -- x\n select 1;", True),
        ("explain analyze select 1", True),
        ("delete from t", False),
        ("delete from t returning n", True),
        ("select 1; select 2", False),
        ("", False),
        ("select " + "1," * 60_000 + "1", False),
    ],
)
def test_only_single_statements_that_may_bring_rows_are_streamed(sql: str, expected: bool) -> None:
    """Several in one text work only in the driver's usual way, which also counts changed rows for the log."""
    assert brings_rows(sql) is expected


def test_row_beyond_the_memory_is_told_as_such(query: Any) -> None:
    """A single value can be a gigabyte: the driver's error names no remedy, the task's does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (kilobytes("VmData") * 1024 + 64 * 2**20, hard))
    try:
        with pytest.raises(AirflowFailException, match="more than 1 GiB of the worker's memory"):
            query("SELECT repeat('x', 100000000)")
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
