"""Child program: store or read one result through Airflow's XCom backend, or do nothing, or do no more than move it.

Usage: xcom.py nothing|write|read|disk-write|disk-read|boto3-write|boto3-read FILE BYTES BLOCK. FILE is where `write`
puts its row and `read` finds it, and what `disk-…` writes and reads; `boto3-…` do the same with a bucket. The result
is the content of the file BLOCK again and again. Prints seconds and the most memory that was held, as JSON.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

PIECE = 64 * 1024
LARGE_PIECE = 1024 * 1024
CONTENT = Path(sys.argv[4]).read_bytes()


def pieces(size: int, piece: int) -> Iterator[bytes]:
    """Yield *size* bytes."""
    for start in range(0, size, piece):
        at = start % (len(CONTENT) - piece)
        yield CONTENT[at : at + min(piece, size - start)]


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
        for piece in pieces(size, LARGE_PIECE):
            target.write(piece)
        os.fdatasync(target.fileno())


def disk_read(file: Path, size: int) -> None:
    """Read a file of *size* bytes."""
    found, buffer = 0, bytearray(LARGE_PIECE)
    with file.open("rb", buffering=0) as source:
        while count := source.readinto(buffer):
            found += count
    assert found == size, found


def boto3_write(file: Path, size: int) -> None:
    """Upload the file as boto3 does it by itself."""
    bucket().upload_file(str(file), file.name)


def boto3_read(file: Path, size: int) -> None:
    """Download it."""
    bucket().download_file(file.name, str(file))
    assert file.stat().st_size == size


def bucket():
    """Return the bucket that the backend is told of, and that this program has the login of."""
    import boto3

    option, name = (
        "AIRFLOW__AERODROME__XCOM_",
        os.environ["AIRFLOW__AERODROME__XCOM_STORE"].removeprefix("s3://"),
    )
    place = {
        "endpoint_url": os.environ[f"{option}S3_ENDPOINT"],
        "region_name": os.environ[f"{option}S3_REGION"],
    }
    return boto3.resource("s3", **place).Bucket(name)


def forget(folder: Path) -> None:
    """Take every file of *folder* out of the memory of the system."""
    # Nor does anybody wait for what others have written.
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def most_memory() -> float:
    """Return the megabytes that this process held at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


MODES = {
    "nothing": nothing,
    "write": write,
    "read": read,
    "disk-write": disk_write,
    "disk-read": disk_read,
    "boto3-write": boto3_write,
    "boto3-read": boto3_read,
}

if __name__ == "__main__":
    from aerodrome_airflow.celery_config import preload

    # What every task's process has from its worker.
    preload()

    mode, file, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if mode == "boto3-write":
        disk_write(file, size)
    forget(file.parent)
    start = time.perf_counter()
    MODES[mode](file, size)
    print("\n" + json.dumps({"seconds": time.perf_counter() - start, "megabytes": most_memory()}))
