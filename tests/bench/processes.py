"""Running programs and what they cost: CPU-seconds and memory, children included."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Run:
    """What one program said and what it took."""

    output: str
    seconds: float
    cpu_seconds: float
    megabytes: float
    """The most memory that one of its processes held at once."""


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment of a measured program: compiled modules kept, telemetry off."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    kept.pop("PYTHONUNBUFFERED", None)
    return kept | {"DO_NOT_TRACK": "true", "SCARF_NO_ANALYTICS": "true"} | more


def run(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None) -> Run:
    """Run *command* to its end and return what it took; RuntimeError with its last words where it fails."""
    start = time.perf_counter()
    with subprocess.Popen(
        [str(part) for part in command],
        env=dict(environment),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} … ended with {process.returncode}:\n{output[-3000:]}")
    took = time.perf_counter() - start
    return Run(output, took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def tree_cpu_seconds(root: psutil.Process) -> float:
    """Return what *root*, its ended children and its living descendants have used so far."""
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
