"""The Spark program for HDFS writes one file that the next run replaces; a folder here stands for HDFS."""

from __future__ import annotations

from pathlib import Path

from routes.on_hdfs import main

FLIGHTS = """origin,dest,dep_time,arr_delay
JFK,LAX,517,10
EWR,ORD,700,-5
"""


def test_routes_come_as_one_file(tmp_path: Path) -> None:
    """Sorted, with a line of names, and once however often it runs."""
    (tmp_path / "flights.csv").write_text(FLIGHTS)
    for _ in range(2):
        main(f"file://{tmp_path}/flights.csv", f"file://{tmp_path}/routes")
    (part,) = (tmp_path / "routes").glob("part-*.csv")
    names, *lines = part.read_text().splitlines()
    assert names.startswith("origin,dest,flights")
    assert [line.split(",")[:3] for line in lines] == [["EWR", "ORD", "1"], ["JFK", "LAX", "1"]]
