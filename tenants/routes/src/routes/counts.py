"""What is counted of each route."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as f


def by_route(flights: DataFrame) -> DataFrame:
    """Return flights, share cancelled, and average and ninetieth percentile of the delay, of each route."""
    delay = f.col("arr_delay").cast("int")
    return flights.groupBy("origin", "dest").agg(
        f.count("*").alias("flights"),
        f.round(f.avg(f.col("dep_time").cast("int").isNull().cast("int")), 4).alias("cancelled"),
        f.round(f.avg(delay), 1).alias("average_delay"),
        f.percentile_approx(delay, 0.9).alias("long_delay"),
    )
