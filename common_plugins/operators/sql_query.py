"""`sql.query` in Airflow."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

from common_plugins.catalogue.sql_query import SqlQuery
from common_plugins.hooks.streamed_postgres import StreamedSqlMixin
from common_plugins.rows import Fetch, ResultKind
from common_plugins.tenancy import CatalogueMixin, Context, connection_id


class SqlQueryOperator(CatalogueMixin, StreamedSqlMixin, SQLExecuteQueryOperator):
    """Run SQL in one transaction; its rows become the task's result."""

    uses = SqlQuery.uses
    template_fields = SqlQuery.template_fields()

    def __init__(  # noqa: PLR0913 - the parameters of the catalogue entry
        self,
        *,
        connection: str,
        sql: Any,
        parameters: Any = None,
        split_statements: bool = False,
        result: ResultKind = "rows",
        max_rows: int = 1000,
        **kwargs: Any,
    ) -> None:
        super().__init__(sql=sql, parameters=parameters, split_statements=split_statements, **kwargs)
        self.connection = connection
        self.result = result
        self.max_rows = max_rows

    def execute(self, context: Context) -> Any:
        """Return the rows of the last statement, in the form that the task asks for."""
        self.conn_id = connection_id(context, self.connection)
        self.sql = self.sql if isinstance(self.sql, str) else list(self.sql)
        # Without parameters a percent sign in the SQL is a percent sign.
        self.parameters = self.parameters or None
        self.handler = Fetch(self.result, self.max_rows)
        return super().execute(context)  # type: ignore[no-untyped-call]
