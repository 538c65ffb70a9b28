"""A Hive step: Spark's SQL with the tables of a Hive metastore, whose files are in HDFS, all by the tenant's ticket."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from airflow.exceptions import AirflowException
from hadoop import sites
from hadoop.cluster import Cluster

# It starts several Javas, and the first test starts the cluster.
pytestmark = pytest.mark.timeout(1200)

RUNTIME = "0123456789abcdef"
PROGRAM = """
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
*statements, expected = sys.argv[1:]
rows = [" ".join(map(str, row)) for statement in statements for row in spark.sql(statement).collect()]
spark.stop()
if rows != [expected]:
    sys.exit(f"rows: {rows}")
"""
STATEMENTS = (
    "CREATE TABLE routes STORED AS PARQUET AS SELECT 'JFK' AS origin, 7 AS flights",
    "SELECT origin, flights FROM routes",
)


def test_a_table_of_hive_is_made_and_read(
    run: Any, spark_program: Any, tenant: str, cluster: Cluster
) -> None:
    """The metastore knows whose it is, and so does HDFS; the task fails where it reads anything else."""
    cluster.start_metastore()
    conf = {
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": sites.WAREHOUSE,
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    }
    program = spark_program("hive.py", PROGRAM)
    read = partial(run, "spark.submit", application=program, conf=conf, runtime=RUNTIME)
    read(args=[*STATEMENTS, "JFK 7"])
    with pytest.raises(AirflowException):
        read(args=[STATEMENTS[-1], "JFK 8"])
    assert cluster.owner(f"{sites.WAREHOUSE}/routes") == tenant
    assert f"ugi={tenant}" in cluster.told("metastore", "create_table")
