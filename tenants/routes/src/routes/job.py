"""The Spark program: flights in, one line for each route out. `job.py FLIGHTS.CSV ROUTES.CSV`"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

log = logging.getLogger("routes.job")


def by_route(flights: DataFrame) -> DataFrame:
    """Return flights, share cancelled, and average and ninetieth percentile of the delay, of each route."""
    delay = f.col("arr_delay").cast("int")
    return flights.groupBy("origin", "dest").agg(
        f.count("*").alias("flights"),
        f.round(f.avg(f.col("dep_time").cast("int").isNull().cast("int")), 4).alias("cancelled"),
        f.round(f.avg(delay), 1).alias("average_delay"),
        f.percentile_approx(delay, 0.9).alias("long_delay"),
    )


def main(source: str, target: str) -> None:
    """Count the flights in *source* and write the routes to *target*."""
    spark = SparkSession.builder.getOrCreate()
    try:
        rows = by_route(spark.read.csv(source, header=True)).collect()
    finally:
        spark.stop()
    routes = pd.DataFrame([row.asDict() for row in rows])
    complete = Path(target).with_name(".routes.csv")
    routes.sort_values(["origin", "dest"]).to_csv(complete, index=False)
    complete.replace(target)
    log.info("%d routes, %d flights", len(routes), routes["flights"].sum())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main(sys.argv[1], sys.argv[2])
