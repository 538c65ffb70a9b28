"""`sql.query` against a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from common_plugins.rows import ResultTooLargeError


def test_rows_become_json(run: Any, warehouse: Any) -> None:
    """Each row is an object whose values JSON can say."""
    sql = "SELECT 1 a, 1.5::numeric b, DATE '2024-01-31' c, NULL d, 'x' e, '[1]'::jsonb f, 7::numeric g"
    expected = {"a": 1, "b": 1.5, "c": "2024-01-31", "d": None, "e": "x", "f": [1], "g": 7}
    assert run("sql.query", connection="warehouse", sql=sql) == [expected]


@pytest.mark.parametrize(
    ("result", "expected"),
    [("rows", [{"n": 1}, {"n": 2}]), ("column", [1, 2]), ("value", 1), ("none", None)],
)
def test_result_has_the_form_that_the_task_asks_for(
    run: Any, warehouse: Any, result: str, expected: Any
) -> None:
    """Rows for a call, a column to map over, a value to branch on, or nothing."""
    assert (
        run("sql.query", connection="warehouse", sql="SELECT generate_series(1, 2) AS n", result=result)
        == expected
    )


def test_parameters_are_bound_not_spliced(run: Any, warehouse: Any) -> None:
    """A hostile value is a value."""
    hostile = "'; DROP TABLE x; -- {{ ds }}".replace("{{ ds }}", "%(name)s")
    sql = "SELECT %(value)s::text AS v"
    assert (
        run("sql.query", connection="warehouse", sql=sql, parameters={"value": hostile}, result="value")
        == hostile
    )


def test_templates_are_rendered(run: Any, warehouse: Any) -> None:
    """In the SQL and in the values of its parameters."""
    sql = "SELECT '{{ ds }}' || %(day)s"
    assert (
        run("sql.query", connection="warehouse", sql=sql, parameters={"day": " {{ ds }}"}, result="value")
        == "2024-01-31 2024-01-31"
    )


def test_percent_sign_needs_no_care_without_parameters(run: Any, warehouse: Any) -> None:
    """SQL with LIKE works as written."""
    assert run("sql.query", connection="warehouse", sql="SELECT 'abc' LIKE 'a%'", result="value") is True


def test_statements_succeed_or_fail_together(run: Any, warehouse: Any) -> None:
    """What a failed list has begun is undone."""
    with pytest.raises(Exception, match="nonsense"):
        run("sql.query", connection="warehouse", sql=["CREATE TABLE t (n int)", "SELECT nonsense"])
    assert warehouse("SELECT to_regclass('t')") == [(None,)]


def test_one_text_may_hold_several_statements(run: Any, warehouse: Any) -> None:
    """Separated by semicolons when the task says so."""
    sql = "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2); SELECT count(*) FROM t"
    assert run("sql.query", connection="warehouse", sql=sql, split_statements=True, result="value") == 2


def test_too_many_rows_fail_with_a_remedy(run: Any, warehouse: Any) -> None:
    """Rows for other tasks are bounded, and what the statement did is undone."""
    with pytest.raises(ResultTooLargeError, match="more than 10 rows: raise max_rows"):
        run("sql.query", connection="warehouse", sql="SELECT generate_series(1, 11)", max_rows=10)


def test_too_many_bytes_fail_with_a_remedy(run: Any, warehouse: Any) -> None:
    """So are their bytes."""
    with pytest.raises(ResultTooLargeError, match="bytes of JSON, 1,048,576 at most"):
        run("sql.query", connection="warehouse", sql="SELECT repeat('x', 2000000)")


def test_statement_without_rows_returns_nothing(run: Any, warehouse: Any) -> None:
    """A statement that changes data has no result."""
    assert run("sql.query", connection="warehouse", sql="CREATE TABLE t (n int)") is None


def test_connection_of_another_tenant_cannot_be_named(
    run: Any, warehouse: Any, monkeypatch: pytest.MonkeyPatch, postgres: Any
) -> None:
    """The tenant comes from the DAG, so a scoped name is no name."""
    monkeypatch.setenv("AIRFLOW_CONN_BETA.WAREHOUSE", postgres.uri)
    with pytest.raises(ValueError, match="not a tenant and a name"):
        run("sql.query", connection="beta.warehouse", sql="SELECT 1")
