"""`sql.chart`: rows of a real PostgreSQL as a picture in the tenant's data folder."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest
from airflow.sdk.exceptions import AirflowException

QUERY = "SELECT 'carrier ' || n AS carrier, n * 10 AS flights, n * 1.5 AS delay FROM generate_series(1, 5) n"


def size(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG file in pixels."""
    height, width, *_ = matplotlib.image.imread(io.BytesIO(path.read_bytes()), format="png").shape
    return width, height


@pytest.mark.parametrize("kind", ["bar", "barh", "line"])
def test_each_kind_is_drawn(run: Any, warehouse: Any, data: Path, kind: str) -> None:
    """The file is a PNG of the size that the task asks for, in a folder that did not exist."""
    file = f"charts/{kind}-{{{{ ds }}}}.png"
    told = run(
        "sql.chart",
        connection="warehouse",
        sql=QUERY,
        file=file,
        kind=kind,
        title="A $ title",
        width=400,
        height=300,
    )
    assert told == f"charts/{kind}-2024-01-31.png"
    assert size(data / told) == (400, 300)


def test_same_rows_give_the_same_bytes(run: Any, warehouse: Any, data: Path) -> None:
    """A second run changes nothing."""
    for name in ("a.png", "b.png"):
        run("sql.chart", connection="warehouse", sql=QUERY, file=name)
    assert (data / "a.png").read_bytes() == (data / "b.png").read_bytes()


def test_dates_make_an_axis(run: Any, warehouse: Any, data: Path) -> None:
    """A line over days."""
    sql = "SELECT DATE '2024-01-01' + n AS day, n FROM generate_series(0, 30) n"
    run("sql.chart", connection="warehouse", sql=sql, file="days.png", kind="line")
    assert size(data / "days.png") == (960, 540)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1 WHERE false", "needs rows with an axis"),
        ("SELECT 1", "needs rows with an axis"),
        ("SELECT 1, 'x'", "holds numbers, not 'x'"),
        ("SELECT n, n FROM generate_series(0, 10000) n", "10000 points at most"),
    ],
)
def test_rows_that_make_no_chart_are_told(
    run: Any, warehouse: Any, launcher: Any, sql: str, told: str
) -> None:
    """The error says what a chart needs."""
    with pytest.raises(AirflowException, match=told):
        run("sql.chart", connection="warehouse", sql=sql, file="x.png")
