"""What a worker's host runs now: its worker units, and Airflow's tasks in them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

UNIT = "aerodrome-worker@"
DRAINED = Path("/etc/aerodrome/drained")
# Airflow gives the process of a task this title.
_TITLE = "airflow worker -- "
_LOG = re.compile(r"/dag_id=([^/]+)/run_id=[^/]+/task_id=([^/]+)/")
_BUSY = frozenset({"active", "activating", "deactivating", "reloading"})


def worker_units() -> dict[str, str]:
    """Return unit → systemd's active state of every worker unit that is loaded here."""
    if shutil.which("systemctl") is None:
        return {}
    command = ["systemctl", "list-units", "--all", "--plain", "--no-legend", f"{UNIT}*.service"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [line.split() for line in done.stdout.splitlines()]
    # A unit without a file is one that something else only mentions.
    return {row[0]: row[2] for row in rows if len(row) > 2 and row[1] == "loaded"}


def busy(units: dict[str, str]) -> list[str]:
    """Return the worker units that are not at rest."""
    return sorted(name for name, state in units.items() if state in _BUSY)


def tasks() -> list[dict[str, object]]:
    """Return the tasks that run in worker units: name (`dag.task`, or its id) and age in seconds, oldest first."""
    found = [task for entry in Path("/proc").iterdir() if entry.name.isdigit() and (task := _task(entry))]
    return sorted(found, key=lambda task: (-int(str(task["seconds"])), str(task["name"])))


def _task(process: Path) -> dict[str, object] | None:
    try:
        title = (process / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace")
        if not title.startswith(_TITLE) or UNIT not in (process / "cgroup").read_text():
            return None
        identity = title.removeprefix(_TITLE).strip()
        parent = re.search(r"^PPid:\s+(\d+)", (process / "status").read_text(), re.MULTILINE)
        name = _name(Path("/proc", parent[1])) if parent else ""
        return {"name": name or identity, "seconds": _age(process)}
    except OSError:
        # It ended meanwhile.
        return None


def _name(supervisor: Path) -> str:
    """Return `dag.task` from the log file that a task's supervisor writes, or nothing."""
    for entry in (supervisor / "fd").iterdir():
        try:
            if found := _LOG.search(str(entry.readlink())):
                return f"{found[1]}.{found[2]}"
        except OSError:
            continue
    return ""


def _age(process: Path) -> int:
    # After the name in brackets, which may hold anything, the start is the twentieth field; in clock ticks.
    started = int((process / "stat").read_text().rpartition(")")[2].split()[19])
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return max(0, int(uptime - started / os.sysconf("SC_CLK_TCK")))
