"""Each airport is described by its own routes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from routes.summary import airports, describe, report


@pytest.fixture
def routes(tmp_path: Path) -> str:
    """A file of four routes from two airports."""
    file = tmp_path / "routes.csv"
    file.write_text("origin,dest,flights\nJFK,LAX,30\nJFK,SFO,20\nJFK,BOS,10\nEWR,ORD,90\n")
    return str(file)


def test_this_tenant_runs_its_own_pandas() -> None:
    """Another tenant of the same deployment runs pandas 1.5."""
    assert pd.__version__.startswith("2.")


def test_every_airport_is_described_once(routes: str) -> None:
    """The list has what `describe` takes."""
    assert [row["origin"] for row in airports(routes, "2")] == ["EWR", "JFK"]


def test_the_busiest_routes_come_first(routes: str) -> None:
    """All flights are counted, only the top routes are named."""
    assert describe(routes, "JFK", 2) == {"origin": "JFK", "flights": 60, "routes": ["LAX", "SFO"]}


def test_the_report_starts_with_the_busiest_airport(routes: str, tmp_path: Path) -> None:
    """One line for each airport."""
    text = report([describe(**arguments) for arguments in airports(routes, "1")], str(tmp_path / "report.md"))
    assert text.splitlines()[2:] == ["| EWR | 90 | ORD |", "| JFK | 60 | LAX |"]
