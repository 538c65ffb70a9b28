"""`sql.check` against a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException


def check(sql: str, **bounds: Any) -> dict[str, Any]:
    """Return one check."""
    return {"name": "it", "sql": sql, **bounds}


@pytest.mark.parametrize(
    "one",
    [
        check("SELECT true, 1, 'x'"),
        check("SELECT 0", equals=0),
        check("SELECT 1.50::numeric", equals=1.5),
        check("SELECT 3", equals="3"),
        check("SELECT NULL", equals=None),
        check("SELECT DATE '2024-01-31'", equals="{{ ds }}"),
        check("SELECT 5", at_least=5, at_most="5.0"),
        check("SELECT DATE '2024-01-31'", at_least="2024-01-01", at_most="2024-02-01"),
    ],
)
def test_data_as_stated_passes(run: Any, warehouse: Any, one: dict[str, Any]) -> None:
    """Numbers compare as numbers, dates as dates, text as text."""
    run("sql.check", connection="warehouse", checks=[one])


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (check("SELECT 1, 0"), "it: 1, 0, expected only true values"),
        (check("SELECT 1 WHERE false"), "it: no row, expected only true values"),
        (check("SELECT 2", equals=3), "it: 2, expected 3"),
        (check("SELECT NULL::int", at_least=1), "it: None, expected at least 1"),
        (check("SELECT 9", at_least=1, at_most=8), "it: 9, expected at least 1 and at most 8"),
        (check("SELECT nonsense"), 'it: UndefinedColumn: column "nonsense" does not exist'),
    ],
)
def test_other_data_fails_and_is_told(run: Any, warehouse: Any, one: dict[str, Any], told: str) -> None:
    """The error says what was there and what was expected."""
    with pytest.raises(AirflowException) as failure:
        run("sql.check", connection="warehouse", checks=[one])
    assert f"1 of 1 checks failed:\n  {told}" in str(failure.value)


def test_every_failing_check_is_named(run: Any, warehouse: Any) -> None:
    """One failure, or one that cannot run, does not hide the others."""
    checks = [
        {"name": name, "sql": f"SELECT {value}"} for name, value in (("a", 0), ("b", 1), ("c", "x"), ("d", 0))
    ]
    with pytest.raises(
        AirflowException, match=r"3 of 4 checks failed:\n  a: .*\n  c: .*(.|\n)*\n  d: "
    ) as failure:
        run("sql.check", connection="warehouse", checks=checks)
    assert "b:" not in str(failure.value)


def test_parameters_are_bound(run: Any, warehouse: Any) -> None:
    """In each of the checks."""
    run(
        "sql.check",
        connection="warehouse",
        checks=[check("SELECT %(n)s::int", equals=4)],
        parameters={"n": 4},
    )
