"""Raw results as JSON, one file per row, and the page that is written from them."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from figures import Figure
from workshop import ROOT

FOLDER = ROOT / "docs" / "reference" / "benchmarks"
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
PREFACE = """\
# Benchmarks

Written by `make bench` from the raw results in [benchmarks/](benchmarks/); nothing here is typed by hand.
Every figure is the median of its samples. `make bench ROWS=load,imports` measures some rows again and keeps
the others.

"""


def save(row: str, figures: Sequence[Figure], folder: Path = FOLDER) -> Path:
    """Write the raw result of *row* and the machine it was measured on to *folder*."""
    document: dict[str, Any] = {"row": row, "measured": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine()}
    document["figures"] = [asdict(figure) | {"value": figure.value, "met": figure.met} for figure in figures]
    path = folder / f"{row}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, default=str) + "\n", encoding="utf-8")
    return path


def machine() -> dict[str, Any]:
    """Return what the figures depend on: the machine, the versions, and how busy it was."""
    from importlib.metadata import version

    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "airflow": version("apache-airflow"),
        "load_average": round(psutil.getloadavg()[1], 1),
    }


def write_page(rows: Iterable[str], methods: dict[str, str]) -> None:
    """Write the page from every raw result that is there, in the order of *rows*."""
    found = [
        json.loads(path.read_text(encoding="utf-8"))
        for row in rows
        if (path := FOLDER / f"{row}.json").exists()
    ]
    lines = ["| what | to reach | measured | samples | |", "|---|---|---|---|---|"]
    lines += [_line(figure) for result in found for figure in result["figures"]]
    lines += ["", "## How", ""]
    lines += [f"- **{result['row']}**: {methods[result['row']]}" for result in found]
    lines += ["", "## Where", "", "| row | date | machine | busy (5 minute load) |", "|---|---|---|---|"]
    lines += [_place(result) for result in found]
    PAGE.write_text(PREFACE + "\n".join(lines) + "\n", encoding="utf-8")


def number(value: float) -> str:
    """Return *value* with three significant digits and no exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def goal(figure: dict[str, Any]) -> str:
    """Return what the figure must reach, in words."""
    if figure["goal"] is None:
        return ""
    return f"{'≤' if figure['better'] == 'lower' else '≥'} {number(figure['goal'])} {figure['unit']}"


def _line(figure: dict[str, Any]) -> str:
    samples = figure["samples"]
    spread = f"{number(min(samples))} … {number(max(samples))} ({len(samples)})" if len(samples) > 1 else ""
    verdict = {True: "reached", False: "**missed**", None: ""}[figure["met"]]
    cells = (figure["what"], goal(figure), f"{number(figure['value'])} {figure['unit']}", spread, verdict)
    return f"| {' | '.join(cells)} |"


def _place(result: dict[str, Any]) -> str:
    where = result["machine"]
    hardware = f"{where['cores']} cores ({where['processor']}), {where['memory_gib']} GiB, {where['system']}"
    software = f"Python {where['python']}, Airflow {where['airflow']}"
    return f"| {result['row']} | {result['measured']} | {hardware}, {software} | {where['load_average']} |"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
