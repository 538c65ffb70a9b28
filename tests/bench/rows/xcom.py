"""A result of 1 GB through the XCom backend: what it takes of the worker's memory, and how fast it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from figures import Figure
from processes import clean_environment, run
from workshop import PYTHON, Workshop

PROGRAM = Path(__file__).parents[1] / "programs" / "xcom.py"
SIZE = 10**9
EXTRA_MEGABYTES = 64
SHARE = 0.5


@dataclass(frozen=True)
class Took:
    """What one run of the program took."""

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Turn:
    """One write and one read, next to the disk's own and to a task that does nothing."""

    nothing: Took
    write: Took
    read: Took
    disk_write: Took
    disk_read: Took


def xcom(shop: Workshop) -> Iterator[Figure]:
    """Yield memory and throughput of writing and of reading."""
    size = SIZE // 10 if shop.quick else SIZE
    turns = [_turn(shop, number, size) for number in range(shop.runs)]
    for name, doing in (("write", "written"), ("read", "read")):
        ours = [getattr(turn, name) for turn in turns]
        disks = [getattr(turn, f"disk_{name}") for turn in turns]
        extra = tuple(one.megabytes - turn.nothing.megabytes for one, turn in zip(ours, turns, strict=True))
        what = f"XCom of 1 GB {doing}: memory beyond that of a task that does nothing"
        yield Figure(f"xcom_{name}_memory", what, "MB", extra, EXTRA_MEGABYTES)
        speed = tuple(size / 1e6 / one.seconds for one in ours)
        details = {"disk_megabytes_per_second": [size / 1e6 / one.seconds for one in disks]}
        yield Figure(f"xcom_{name}_speed", f"XCom of 1 GB {doing}", "MB/s", speed, details=details)
        share = tuple(disk.seconds / one.seconds for one, disk in zip(ours, disks, strict=True))
        what = f"XCom of 1 GB {doing}: share of the disk's own throughput"
        yield Figure(f"xcom_{name}_share", what, "times", share, SHARE, "higher")


def _turn(shop: Workshop, number: int, size: int) -> Turn:
    folder = shop.folder / "xcom"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "store").mkdir(parents=True)
    took = {}
    # Each read follows its own write, and who goes first changes: a disk may have a memory of its own.
    pairs = (("disk-write", "disk-read"), ("write", "read"))
    for mode in ("nothing", *(mode for pair in pairs[:: (-1) ** number] for mode in pair)):
        shop.say(f"XCom, turn {number + 1} of {shop.runs}: {mode}")
        took[mode.replace("-", "_")] = _run(folder, mode, size)
    shutil.rmtree(folder)
    return Turn(**took)


def _run(folder: Path, mode: str, size: int) -> Took:
    environment = clean_environment(
        AIRFLOW_HOME=str(folder / "home"),
        AIRFLOW__CORE__XCOM_BACKEND="" if mode == "nothing" else "aerodrome_airflow.xcom.backend.TenantXCom",
        AIRFLOW__AERODROME__ENVIRONMENT="bench",
        AIRFLOW__AERODROME__XCOM_STORE=str(folder / "store"),
    )
    file = folder / ("disk" if mode.startswith("disk") else "row")
    done = run([PYTHON, PROGRAM, mode, file, str(size)], environment)
    return Took(**json.loads(done.output.splitlines()[-1]))
