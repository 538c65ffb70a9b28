"""`sql.check` in Airflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from airflow.providers.common.sql.operators.sql import SQLCheckOperator, SQLCheckResult
from airflow.sdk.exceptions import AirflowException

from common_plugins.catalogue.sql_check import SqlCheck
from common_plugins.hooks.streamed_postgres import StreamedSqlMixin
from common_plugins.rows import as_json, first_row
from common_plugins.tenancy import CatalogueMixin, Context, connection_id

Check = Mapping[str, Any]


class SqlCheckOperator(CatalogueMixin, StreamedSqlMixin, SQLCheckOperator):
    """Fail when the data is not as stated."""

    uses = SqlCheck.uses
    template_fields = SqlCheck.template_fields()

    def __init__(
        self, *, connection: str, checks: Sequence[Check], parameters: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(sql="", parameters=parameters, **kwargs)
        self.connection = connection
        self.checks = checks

    def execute(self, context: Context) -> None:
        """Run every check, then name all that do not hold."""
        self.conn_id = connection_id(context, self.connection)
        self.check_results = [self._run(check) for check in self.checks]
        failed = [outcome for outcome in self.check_results if not outcome.success]
        if failed:
            listed = "".join(f"\n  {outcome.name}: {_told(outcome)}" for outcome in failed)
            self._raise_exception(f"{len(failed)} of {len(self.check_results)} checks failed:{listed}")

    def _run(self, check: Check) -> SQLCheckResult:
        row, trouble = self._first_row(check)
        outcome = SQLCheckResult(
            name=check["name"],
            check_type="sql",
            success=trouble is None and holds(check, row),
            expected=expectation(check),
            actual=trouble or shown(row),
            content=check["sql"],
        )
        self.log.info("%s %s: %s", "holds" if outcome.success else "FAILS", outcome.name, _told(outcome))
        return outcome

    def _first_row(self, check: Check) -> tuple[Sequence[Any] | None, str | None]:
        try:
            row = self.get_db_hook().run(check["sql"], parameters=self.parameters or None, handler=first_row)
            return row, None
        except AirflowException:
            raise
        except Exception as problem:
            # A check that cannot run does not hide the others.
            return None, f"{type(problem).__name__}: {problem}"


def _told(outcome: SQLCheckResult) -> str:
    return f"{outcome.actual}, expected {outcome.expected}"


def shown(row: Sequence[Any] | None) -> str:
    """Return the values of a row as people read them."""
    return "no row" if row is None else ", ".join(str(as_json(value)) for value in row)


def expectation(check: Check) -> str:
    """Return in words what *check* wants of its row."""
    parts = [
        f"{word.replace('_', ' ')} {check[word]}"
        for word in ("equals", "at_least", "at_most")
        if word in check
    ]
    return " and ".join(parts).replace("equals ", "") or "only true values"


def holds(check: Check, row: Sequence[Any] | None) -> bool:
    """Return whether *row* is as *check* wants it."""
    if row is None:
        return False
    bounds = [word for word in ("equals", "at_least", "at_most") if word in check]
    return all(_compare(word, row[0], check[word]) for word in bounds) if bounds else all(row)


def _compare(word: str, actual: Any, wanted: Any) -> bool:
    if actual is None or wanted is None:
        return word == "equals" and actual is wanted
    left, right = _comparable(actual, wanted)
    if word == "equals":
        return bool(left == right)
    return bool(left >= right) if word == "at_least" else bool(left <= right)


def _comparable(actual: Any, wanted: Any) -> tuple[Any, Any]:
    # A rendered template is text even where it says a number.
    try:
        return Decimal(str(as_json(actual))), Decimal(str(wanted))
    except InvalidOperation:
        return str(as_json(actual)), str(wanted)
