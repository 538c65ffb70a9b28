"""Three fresh hosts become workers; then two of them are drained a hundred times under a stream of tasks."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Figure
from workshop import ROOT, Workshop

if TYPE_CHECKING:
    from control.plane import Control

for _folder in ("hosts", "shared"):
    sys.path.insert(0, str(ROOT / "tests" / _folder))
TENANTS = ROOT / "tests/hosts/end_to_end/repository"
DRAINED = ("hadoop1", "hadoop2")
DRAINS, QUICK_DRAINS = 100, 2
FRESH_SECONDS, AGAIN_SECONDS = 240.0, 20.0


def workers(shop: Workshop) -> Iterator[Figure]:
    """Yield how long three hosts take to become workers, and what the drains did to tasks."""
    shop.say("three hosts, and a platform for them")
    with _platform() as control:
        yield from _provisioned(shop, control)
        yield from _drained(shop, control)


@contextmanager
def _platform() -> Iterator[Control]:
    from control.plane import deployed
    from fleet import lab
    from fleet.needs import needed

    if needed("bench ROWS=workers", ["redis-server"]):
        raise RuntimeError("the rows of workers on hosts need root, and Debian's packages")
    lab.up()
    try:
        # Service users must be able to reach what root deploys from.
        place = tempfile.TemporaryDirectory(prefix="aerodrome-bench-", dir="/var/lib")
        with place as folder, deployed(TENANTS, Path(folder)) as control:
            yield control
    finally:
        lab.down()


def _provisioned(shop: Workshop, control: Control) -> Iterator[Figure]:
    from fleet import lab

    fresh, again = [], []
    for turn in range(shop.runs):
        shop.say(f"fresh hosts, {turn + 1} of {shop.runs}")
        for host in lab.hosts().values():
            host.remove()
        lab.up()
        fresh.append(_seconds(control, "workers"))
        again.append(_seconds(control, "workers"))
    yield Figure("workers_fresh", "`make workers` of three fresh hosts", "s", tuple(fresh), FRESH_SECONDS)
    yield Figure("workers_again", "`make workers` of the same hosts again", "s", tuple(again), AGAIN_SECONDS)


def _seconds(control: Control, *words: str) -> float:
    start = time.perf_counter()
    control.command(*words)
    return time.perf_counter() - start


def _drained(shop: Workshop, control: Control) -> Iterator[Figure]:
    from control import ledger
    from control.stream import stream
    from fleet import lab

    number = QUICK_DRAINS if shop.quick else DRAINS
    drains, returns = [], []
    with stream(control) as runs:
        for turn in range(number):
            shop.say(f"drain {turn + 1} of {number}, {len(runs)} runs begun")
            name = DRAINED[turn % len(DRAINED)]
            drains.append(_seconds(control, "drain", "--limit", name))
            returns.append(_seconds(control, "workers", "--limit", name))
    states = Counter(control.ended("grind", run) for run in runs)
    written = ledger.read(lab.hosts().values())
    details = {"drains": number, "runs": len(runs), "states": dict(states)}
    what = f"{number} drains and restarts under a stream of {len(runs)} tasks"
    for name, harmed in _harmed(runs, written.begun, written.ended).items():
        yield Figure(f"drains_{name}", f"{what}: {name}", "tasks", (float(harmed),), 0.0, details=details)
    yield Figure("drain", "one drain, tasks of 3 s running", "s", tuple(drains))
    yield Figure("undrain", "`make workers` of the drained host", "s", tuple(returns))


def _harmed(runs: list[str], begun: Counter[str], ended: Counter[str]) -> dict[str, int]:
    """Return how many of *runs* were killed (begun more often than ended), ended twice, or never ended."""
    return {
        "killed": sum(begun[run] > ended[run] for run in runs),
        "twice": sum(ended[run] > 1 for run in runs),
        "lost": sum(ended[run] == 0 for run in runs),
    }
