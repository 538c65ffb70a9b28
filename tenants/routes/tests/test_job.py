"""The Spark program counts flights by route, on the Java that a wheel brings."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from routes.job import main

FLIGHTS = """origin,dest,dep_time,arr_delay
JFK,LAX,517,10
JFK,LAX,600,20
JFK,LAX,NA,NA
EWR,ORD,700,-5
"""


def test_routes_are_counted(tmp_path: Path) -> None:
    """A flight that never left counts as cancelled and has no delay."""
    (tmp_path / "flights.csv").write_text(FLIGHTS)
    main(str(tmp_path / "flights.csv"), str(tmp_path / "routes.csv"))
    routes = pd.read_csv(tmp_path / "routes.csv").set_index(["origin", "dest"])
    assert routes.loc[("JFK", "LAX"), "flights"] == 3
    assert routes.loc[("JFK", "LAX"), "cancelled"] == 0.3333
    assert routes.loc[("JFK", "LAX"), "average_delay"] == 15.0
    assert routes.loc[("EWR", "ORD"), "long_delay"] == -5
