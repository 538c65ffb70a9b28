"""Child program: store or read one result through Airflow's XCom backend, or do nothing, or use the disk itself.

Usage: xcom.py nothing|write|read|disk-write|disk-read FILE BYTES. FILE is where `write` puts its row and `read`
finds it, and what `disk-…` writes and reads. Prints seconds and the most memory that was held, as JSON.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

PIECE = 64 * 1024
BLOCK = 1024 * 1024
# Incompressible: every byte of it has to reach the disk.
NOISE = os.urandom(8 * BLOCK)


def pieces(size: int, piece: int) -> Iterator[bytes]:
    """Yield *size* bytes."""
    for start in range(0, size, piece):
        at = start % (len(NOISE) - piece)
        yield NOISE[at : at + min(piece, size - start)]


def nothing(file: Path, size: int) -> None:
    """Do nothing: what every task has is there."""


def write(file: Path, size: int) -> None:
    """Store a result of *size* bytes."""
    from aerodrome_airflow.xcom.backend import TenantXCom
    from aerodrome_airflow.xcom.streams import Streamed

    value = Streamed(pieces(size, PIECE))
    where = {"key": "return_value", "dag_id": "bench.daily", "run_id": "run", "task_id": "task"}
    file.write_text(json.dumps(TenantXCom.serialize_value(value, **where)))


def read(file: Path, size: int) -> None:
    """Read a result of *size* bytes, piece by piece."""
    from aerodrome_airflow.xcom.backend import TenantXCom
    from airflow.sdk.execution_time.context import set_current_context

    row = SimpleNamespace(value=json.loads(file.read_text()))
    with set_current_context({"ti": SimpleNamespace(dag_id="bench.daily")}):
        found = sum(map(len, TenantXCom.deserialize_value(row).pieces()))
    assert found == size, found


def disk_write(file: Path, size: int) -> None:
    """Write *size* bytes to a file, until they are on the disk."""
    with file.open("wb", buffering=0) as target:
        for piece in pieces(size, BLOCK):
            target.write(piece)
        os.fdatasync(target.fileno())


def disk_read(file: Path, size: int) -> None:
    """Read a file of *size* bytes."""
    found, buffer = 0, bytearray(BLOCK)
    with file.open("rb", buffering=0) as source:
        while count := source.readinto(buffer):
            found += count
    assert found == size, found


def forget(folder: Path) -> None:
    """Take every file of *folder* out of the memory of the system."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def most_memory() -> float:
    """Return the megabytes that this process held at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    from aerodrome_airflow.celery_config import preload

    # What every task's process has from its worker.
    preload()

    mode, file, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    forget(file.parent)
    start = time.perf_counter()
    {"nothing": nothing, "write": write, "read": read, "disk-write": disk_write, "disk-read": disk_read}[
        mode
    ](file, size)
    print("\n" + json.dumps({"seconds": time.perf_counter() - start, "megabytes": most_memory()}))
