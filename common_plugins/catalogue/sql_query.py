"""`sql.query`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, Connection, JsonMap, Texts


class SqlQuery(CatalogueEntry):
    """Run SQL in one transaction and hand its rows to later tasks."""

    uses: ClassVar[str] = "sql.query"
    operator: ClassVar[str] = "common_plugins.operators.sql_query:SqlQueryOperator"
    connection_types: ClassVar[tuple[str, ...]] = ("postgres",)
    unmapped: ClassVar[frozenset[str]] = frozenset({"result"})

    connection: Connection = Field(description="The database.")
    sql: Texts = Field(description="A statement, or a list of statements that succeed or fail together.")
    parameters: JsonMap = Field(
        default_factory=dict,
        description="Values that the driver binds to `%(name)s` in the SQL; never spliced into it. "
        "With them, write a percent sign as `%%`.",
    )
    split_statements: bool = Field(
        False, description="The text holds several statements, separated by semicolons."
    )
    result: Literal["rows", "column", "value", "none"] = Field(
        "rows",
        description="What later tasks get from the last statement: rows as objects, the first column "
        "as a list, the first value, or nothing.",
    )
    max_rows: int = Field(1000, ge=1, le=10_000, description="More rows than this fail the task.")

    def result_keys(self) -> frozenset[str]:
        """Return the XCom keys under which a task with these parameters leaves its results."""
        return frozenset() if self.result == "none" else super().result_keys()
