"""Three fresh hosts become workers; two of them are drained a hundred times, and upgraded, under a stream of tasks."""

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
UPGRADES, QUICK_UPGRADES = 3, 1
ENVIRONMENT = "environments/lab/environment.yaml"
# Settings that no worker can take over while it runs.
SETTING, OTHER = "onprem: {zone: onprem, shared: false}", "onprem: {zone: onprem, shared: false, slots: 3}"
# The two hosts have four slots: as many tasks as they can run, and always some that wait.
PAUSE, TASK_SECONDS = 3.0, 6
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

    with stream(control, PAUSE, TASK_SECONDS) as runs:
        drains, returns = _drains(shop, control)
        upgrades = _upgrades(shop, control)
    states = Counter(control.ended("grind", run) for run in runs)
    written = ledger.read(lab.hosts().values())
    details = {"drains": len(drains), "upgrades": len(upgrades), "runs": len(runs), "states": dict(states)}
    what = f"{len(drains)} drains and restarts, {len(upgrades)} upgrades, under a stream of {len(runs)} tasks"
    for name, harmed in _harmed(runs, written.begun, written.ended).items():
        yield Figure(f"drains_{name}", f"{what}: {name}", "tasks", (float(harmed),), 0.0, details=details)
    yield Figure("drain", f"one drain, tasks of {TASK_SECONDS} s running", "s", tuple(drains))
    yield Figure("undrain", "`make workers` of the drained host", "s", tuple(returns))
    yield Figure("upgrade", "`make workers` of two hosts that must be drained for it", "s", tuple(upgrades))


def _drains(shop: Workshop, control: Control) -> tuple[list[float], list[float]]:
    """Drain the hosts by turns and take each of them back; return how long the one and the other took."""
    number = QUICK_DRAINS if shop.quick else DRAINS
    drains, returns = [], []
    for turn in range(number):
        shop.say(f"drain {turn + 1} of {number}")
        name = DRAINED[turn % len(DRAINED)]
        drains.append(_seconds(control, "drain", "--limit", name))
        returns.append(_seconds(control, "workers", "--limit", name))
    return drains, returns


def _upgrades(shop: Workshop, control: Control) -> list[float]:
    """Give both hosts another setting of their workers, one after the other; return how long each upgrade took."""
    file = control.root / ENVIRONMENT
    took, now, then = [], SETTING, OTHER
    for turn in range(number := QUICK_UPGRADES if shop.quick else UPGRADES):
        shop.say(f"upgrade {turn + 1} of {number}")
        before = file.read_text(encoding="utf-8")
        if before.count(now) != 1:
            raise RuntimeError(f"{ENVIRONMENT} does not say {now}")
        file.write_text(before.replace(now, then), encoding="utf-8")
        took.append(_seconds(control, "workers", "--limit", ",".join(DRAINED)))
        now, then = then, now
    return took


def _harmed(runs: list[str], begun: Counter[str], ended: Counter[str]) -> dict[str, int]:
    """Return how many of *runs* were killed (begun more often than ended), ended twice, or never ended."""
    return {
        "killed": sum(begun[run] > ended[run] for run in runs),
        "twice": sum(ended[run] > 1 for run in runs),
        "lost": sum(ended[run] == 0 for run in runs),
    }
