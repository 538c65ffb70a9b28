"""Which tasks a host runs, read from its processes: no worker is asked, and no broker."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

# As Airflow's task runner calls itself, before the id of the task instance.
TITLE = "airflow worker -- "


@dataclass(frozen=True)
class Running:
    """The tasks of one worker: how many, and when the first began: seconds since 1970, 0 for none."""

    count: int = 0
    oldest: float = 0


def running(units: Collection[str]) -> dict[str, Running]:
    """Return unit → tasks of those in *units*, which are services or other control groups."""
    began: dict[str, list[float]] = {unit: [] for unit in units}
    for pid, start in tasks():
        with suppress(OSError):
            said = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
            for unit in groups(said) & began.keys():
                began[unit].append(start)
    return {unit: Running(len(starts), min(starts, default=0)) for unit, starts in began.items()}


def tasks() -> Iterator[tuple[int, float]]:
    """Yield process and start, in seconds since 1970, of every task on this machine."""
    for process in psutil.process_iter():
        # Processes end while they are looked at.
        with suppress(psutil.Error):
            if (process.cmdline() or [""])[0].startswith(TITLE):
                yield process.pid, process.create_time()


def groups(said: str) -> set[str]:
    """Return the names of all control groups in *said*, as /proc/<pid>/cgroup tells of them, from the root down."""
    return {part for line in said.splitlines() for part in line.split(":", 2)[2].split("/") if part}
