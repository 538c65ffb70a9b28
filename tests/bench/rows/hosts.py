"""What looking at a hundred hosts costs the machine that deploys."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
from figures import Figure
from processes import clean_environment
from rows import fleet
from workshop import PYTHON, ROOT, Workshop

PROGRAM = Path(__file__).parents[1] / "programs" / "hosts_check.py"
# What the desired state of a host is made of, besides environment and tenants.
_OF_HOSTS = ("ansible", "platform", "common_plugins", "pyproject.toml", "requirements.lock", "bootstrap.lock")


def check(shop: Workshop) -> Iterator[Figure]:
    """Yield time, CPU and memory of `make workers CHECK=1` for a hundred hosts of which none differs."""
    number = 10 if shop.quick else 100
    folder = shop.folder / "hosts"
    shutil.rmtree(folder, ignore_errors=True)
    root = folder / "repository"
    fleet.write(root, number)
    for name in _OF_HOSTS:
        (root / name).symlink_to(ROOT / name)
    _run(root, number, "stamp")
    taken = []
    for turn in range(shop.runs):
        shop.say(f"look at {number} hosts, {turn + 1} of {shop.runs}")
        taken.append(_run(root, number, "check"))
    what = f"`make workers CHECK=1` of {number} hosts, none differs"
    yield Figure("hosts_check", what, "s", tuple(each[0] for each in taken), details={"hosts": number})
    yield Figure("hosts_check_cpu", "the same, CPU", "s", tuple(each[1] for each in taken))
    yield Figure(
        "hosts_check_memory", "the same, memory of all processes", "MB", tuple(each[2] for each in taken)
    )


def _run(root: Path, number: int, what: str) -> tuple[float, float, float]:
    """Return seconds, CPU-seconds, and the megabytes that all its processes had at once at most."""
    start = time.perf_counter()
    command = [str(part) for part in (PYTHON, PROGRAM, root.parent, root, what)]
    before = _children_cpu()
    process = subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, text=True)
    watched = _Memory(process.pid)
    output, _ = process.communicate()
    took, megabytes = time.perf_counter() - start, watched.ended()
    found = json.loads(output.splitlines()[-1])
    if process.returncode or found != {
        "changes": number if what == "stamp" else 0,
        "found": number,
        "failed": 0,
    }:
        raise RuntimeError(f"not as expected: {output[-2000:]}")
    return took, _children_cpu() - before, megabytes


def _children_cpu() -> float:
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)


class _Memory(threading.Thread):
    """Adds up what a process and all below it hold of their own, five times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process, self._most, self._end = psutil.Process(pid), 0, threading.Event()
        self.start()

    def ended(self) -> float:
        """Return the most, in megabytes."""
        self._end.set()
        self.join()
        return self._most / 2**20

    def run(self) -> None:
        """Look until the process has ended."""
        while not self._end.wait(0.2):
            self._most = max(self._most, self._held())

    def _held(self) -> int:
        total = 0
        with suppress(psutil.NoSuchProcess):
            for process in (self._process, *self._process.children(recursive=True)):
                with suppress(psutil.Error):
                    # Forks share most of their pages: each counts what is its own.
                    total += process.memory_full_info().uss
        return total
