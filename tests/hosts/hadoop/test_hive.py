"""A Hive step: Spark's SQL with the tables of a Hive metastore, whose files are in HDFS, all by the tenant's ticket."""

from __future__ import annotations

from typing import Any

import pytest
from hadoop import sites
from hadoop.cluster import Cluster

# It starts several Javas, and the first test starts the cluster.
pytestmark = pytest.mark.timeout(1200)

RUNTIME = "0123456789abcdef"
PROGRAM = """
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
for statement in sys.argv[1:]:
    for row in spark.sql(statement).collect():
        print("row:", *row)
spark.stop()
"""
STATEMENTS = (
    "CREATE TABLE routes STORED AS PARQUET AS SELECT 'JFK' AS origin, 7 AS flights",
    "SELECT origin, flights FROM routes",
)


def test_a_table_of_hive_is_made_and_read(
    run: Any, spark_program: Any, tenant: str, cluster: Cluster, capfd: Any
) -> None:
    """The metastore knows whose it is, and so does HDFS."""
    cluster.start_metastore()
    conf = {
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": sites.WAREHOUSE,
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    }
    program = spark_program("hive.py", PROGRAM)
    run("spark.submit", application=program, args=list(STATEMENTS), conf=conf, runtime=RUNTIME)
    assert "row: JFK 7" in capfd.readouterr().out
    assert cluster.owner(f"{sites.WAREHOUSE}/routes") == tenant
    assert f"ugi={tenant}" in cluster.told("metastore", "create_table")
