"""`spark.submit`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from common_plugins.catalogue.base import (
    CatalogueEntry,
    EnvironmentMap,
    OptionalConnection,
    PackageFile,
    Text,
    TextMap,
    Texts,
)


class SparkSubmit(CatalogueEntry):
    """Run a PySpark program of the tenant's package with its own pyspark, in its own process and user."""

    uses: ClassVar[str] = "spark.submit"
    operator: ClassVar[str] = "common_plugins.operators.spark_submit:SparkSubmitOperator"
    results: ClassVar[frozenset[str]] = frozenset()
    runs_tenant_code: ClassVar[bool] = True
    launches: ClassVar[bool] = True
    connection_types: ClassVar[tuple[str, ...]] = ("spark",)

    application: PackageFile = Field(description="The program, as `package/job.py`.")
    args: Texts = Field((), description="Arguments of the program.")
    conf: TextMap = Field(
        default_factory=dict, description="Spark settings, as `spark.sql.shuffle.partitions: '4'`."
    )
    connection: OptionalConnection = Field(
        None, description="The Spark cluster. Left out: `local[*]`, in the task's own process."
    )
    name: Text = Field("", description="Name of the Spark application. Left out: the DAG and the task.")
    env: EnvironmentMap = Field(default_factory=dict, description="Environment variables of the driver.")
