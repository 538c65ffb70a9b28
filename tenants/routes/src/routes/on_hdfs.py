"""The Spark program beside the data: flights in HDFS in, routes in HDFS out. `on_hdfs.py FLIGHTS.CSV FOLDER`"""

from __future__ import annotations

import logging
import sys

from pyspark.sql import SparkSession

from routes.counts import by_route

log = logging.getLogger("routes.on_hdfs")


def main(source: str, target: str) -> None:
    """Count the flights in *source* and write the routes as one CSV file into the folder *target*."""
    spark = SparkSession.builder.getOrCreate()
    try:
        routes = by_route(spark.read.csv(source, header=True)).sort("origin", "dest")
        # A few hundred lines, which somebody reads as one file.
        routes.coalesce(1).write.csv(target, header=True, mode="overwrite")
    finally:
        spark.stop()
    log.info("%s is written", target)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main(sys.argv[1], sys.argv[2])
