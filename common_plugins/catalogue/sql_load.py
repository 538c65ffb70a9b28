"""`sql.load`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from common_plugins.catalogue.base import (
    CatalogueEntry,
    Connection,
    JsonMap,
    Many,
    OptionalDataPath,
    OptionalPackageFile,
)

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
ColumnType = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_ ]{0,60}(\(\d{1,5}(, ?\d{1,5})?\))?(\[\])?$")]


class SqlLoad(CatalogueEntry):
    """Stream a CSV file into a table, in one transaction."""

    uses: ClassVar[str] = "sql.load"
    operator: ClassVar[str] = "common_plugins.operators.sql_load:SqlLoadOperator"
    runs_tenant_code: ClassVar[bool] = True
    launches: ClassVar[bool] = True
    connection_types: ClassVar[tuple[str, ...]] = ("postgres",)

    connection: Connection = Field(description="The database.")
    table: str = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$",
        description="Table to fill, with or without its schema.",
    )
    file: OptionalDataPath = Field(
        None, description="CSV file in the tenant's data folder: plain, `.gz`, or a `.zip` with one member."
    )
    package_file: OptionalPackageFile = Field(
        None, description="CSV file of an installed package instead, as `package/data/file.csv.gz`."
    )
    columns: Many[Identifier] = Field(
        (), description="Columns in the order of the file. Left out: its first line, or `create`."
    )
    create: dict[Identifier, ColumnType] = Field(
        default_factory=dict,
        description="Columns and their SQL types: the table is created where it does not exist.",
    )
    mode: Literal["replace", "append"] = Field(
        "replace", description="replace: the file's rows take the place of all rows. append: they are added."
    )
    replace_where: JsonMap = Field(
        default_factory=dict,
        description="With append: rows whose columns have these values are deleted first, "
        "so that a second run adds nothing twice.",
    )
    header: bool = Field(True, description="The file's first line names its columns.")
    delimiter: str = Field(",", min_length=1, max_length=1, description="Character between values.")
    null: str = Field("", max_length=20, description="Text that stands for no value.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.package_file is None):
            raise ValueError("give either file or package_file")
        return self

    @model_validator(mode="after")
    def _columns_known(self) -> Self:
        if not self.header and not self.columns and not self.create:
            raise ValueError("a file without a header needs columns or create")
        return self

    @model_validator(mode="after")
    def _replace_where_appends(self) -> Self:
        if self.replace_where and self.mode != "append":
            raise ValueError("replace_where needs mode: append")
        return self
