"""`sql.chart`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from common_plugins.catalogue.base import CatalogueEntry, Connection, DataPath, JsonMap, Text


class SqlChart(CatalogueEntry):
    """Draw the result of a query as a PNG file in the tenant's data folder."""

    uses: ClassVar[str] = "sql.chart"
    operator: ClassVar[str] = "common_plugins.operators.sql_chart:SqlChartOperator"
    launches: ClassVar[bool] = True
    connection_types: ClassVar[tuple[str, ...]] = ("postgres",)

    connection: Connection = Field(description="The database.")
    sql: Text = Field(
        description="Query: its first column is the axis, each further column a series of numbers."
    )
    parameters: JsonMap = Field(
        default_factory=dict, description="Values that the driver binds to `%(name)s` in the SQL."
    )
    file: DataPath = Field(
        description="File to write, below the tenant's data folder; an older one is replaced."
    )
    kind: Literal["bar", "barh", "line"] = Field("bar", description="Upright bars, lying bars or lines.")
    title: Text = Field("", description="Heading of the chart.")
    x_label: Text = Field("", description="Name of the lower axis.")
    y_label: Text = Field("", description="Name of the left axis.")
    width: int = Field(960, ge=100, le=4000, description="Width in pixels.")
    height: int = Field(540, ge=100, le=4000, description="Height in pixels.")
