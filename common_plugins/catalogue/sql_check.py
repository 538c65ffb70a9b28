"""`sql.check`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from common_plugins.catalogue.base import CatalogueEntry, Connection, JsonMap, Kind, Many, Reference

Bound = Annotated[int | float | str | Reference, Field()]


class Check(TypedDict):
    """One statement about the data; `sql` returns one row."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]

    name: str
    sql: str | Reference
    equals: NotRequired[Any]
    at_least: NotRequired[Bound]
    at_most: NotRequired[Bound]


class SqlCheck(CatalogueEntry):
    """Fail when the data is not as stated; the error names each statement that does not hold."""

    uses: ClassVar[str] = "sql.check"
    operator: ClassVar[str] = "common_plugins.operators.sql_check:SqlCheckOperator"
    results: ClassVar[frozenset[str]] = frozenset()
    connection_types: ClassVar[tuple[str, ...]] = ("postgres",)

    connection: Connection = Field(description="The database.")
    checks: Annotated[Many[Check], Kind("json")] = Field(
        min_length=1,
        description="A list of `name` and `sql`, with `equals`, `at_least` or `at_most` for the first value "
        "of the row; without them every value of the row must be true and not 0.",
    )
    parameters: JsonMap = Field(
        default_factory=dict, description="Values that the driver binds to `%(name)s` in every `sql`."
    )
