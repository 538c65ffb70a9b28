"""The Spark program: flights in, one line for each route out. `job.py FLIGHTS.CSV ROUTES.CSV`"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession

from routes.counts import by_route

log = logging.getLogger("routes.job")


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
