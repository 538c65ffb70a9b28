"""What the routes say about each airport."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

log = logging.getLogger(__name__)


def airports(file: str, top: str) -> list[dict[str, Any]]:
    """Return the arguments of `describe`, for each airport in *file*."""
    origins = sorted(pd.read_csv(file)["origin"].unique())
    return [{"file": file, "origin": origin, "top": int(top)} for origin in origins]


def describe(file: str, origin: str, top: int) -> dict[str, Any]:
    """Return the flights of one airport and its busiest routes."""
    routes = pd.read_csv(file).query("origin == @origin").nlargest(top, "flights", keep="all")
    total = pd.read_csv(file).query("origin == @origin")["flights"].sum()
    log.info("busiest routes from %s:\n%s", origin, routes.to_string(index=False))
    return {"origin": origin, "flights": int(total), "routes": routes["dest"].tolist()[:top]}


def report(descriptions: Sequence[dict[str, Any]], file: str) -> str:
    """Write a Markdown table of all airports to *file* and return its text."""
    rows = sorted(descriptions, key=lambda row: -row["flights"])
    lines = [f"| {row['origin']} | {row['flights']:,} | {', '.join(row['routes'])} |" for row in rows]
    text = "\n".join(["| airport | flights | busiest routes |", "|---|---|---|", *lines, ""])
    Path(file).write_text(text, encoding="utf-8")
    return text
