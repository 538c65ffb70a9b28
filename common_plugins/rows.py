"""Rows of a database as JSON that later tasks can take."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from aerodrome_airflow.results import refuse_marks

RESULT_LIMIT = 1024 * 1024

ResultKind = Literal["rows", "column", "value", "none"]


class ResultTooLargeError(Exception):
    """More rows or bytes than a task hands to later ones."""


def as_json(value: Any) -> Any:
    """Return a value of a database as JSON: numbers stay numbers, times become ISO 8601, the rest text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return _compound(value)


def _compound(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value.hex() if isinstance(value, bytes) else str(value)


def _number(value: Decimal) -> int | float | None:
    if not value.is_finite():
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def drain(cursor: Any) -> None:
    """Take what is left of the cursor's rows, one by one: what a row does is done, and nothing is held."""
    for _ in iter(cursor.fetchone, None):
        pass


def first_row(cursor: Any) -> Any:
    """Return the first of the cursor's rows; None where there is none."""
    if cursor.description is None:
        return None
    row = cursor.fetchone()
    drain(cursor)
    return row


@dataclass(frozen=True)
class Fetch:
    """Takes the rows of a cursor in the form *result*.

    ResultTooLargeError beyond *max_rows*, MarkedError for names by which Airflow marks objects.
    """

    result: ResultKind
    max_rows: int

    def __call__(self, cursor: Any) -> Any:
        """Return the cursor's rows as JSON, or None where the statement has none."""
        if cursor.description is None:
            return None
        if self.result == "none":
            drain(cursor)
            return None
        rows = cursor.fetchmany(self.max_rows + 1)
        if len(rows) > self.max_rows:
            raise ResultTooLargeError(f"the query has more than {self.max_rows} rows: {_REMEDY}")
        return _bounded(self._shaped([column[0] for column in cursor.description], rows))

    def _shaped(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
        if self.result == "rows":
            return [dict(zip(columns, map(as_json, row), strict=True)) for row in rows]
        first = [as_json(row[0]) for row in rows]
        return first if self.result == "column" else next(iter(first), None)


_REMEDY = "raise max_rows, let the query return fewer, or write them to a table"


def _bounded(value: Any) -> Any:
    refuse_marks(value)
    size = len(json.dumps(value))
    if size > RESULT_LIMIT:
        raise ResultTooLargeError(
            f"the rows have {size:,} bytes of JSON, {RESULT_LIMIT:,} at most: {_REMEDY}"
        )
    return value
