"""The folder of one run of Ansible: in memory, for this user alone, gone when the run ends however it ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aerodrome.errors import AerodromeError

PREFIX = "aerodrome-ansible-"
_ALIVE = "alive"
# Longer than anybody needs between making a folder and taking its lock.
_YOUNG = 60
_MOUNTS = Path("/proc/self/mounts")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})


@contextmanager
def private_folder() -> Iterator[Path]:
    """Yield an empty folder (0700) in memory; it is deleted at the end, with what earlier, killed runs left beside it.

    AerodromeError where this machine has no folder in memory: secrets are not written to a disk.
    """
    place = memory()
    clear(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    try:
        with (folder / _ALIVE).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def memory() -> Path:
    """Return a folder in memory that this user may write to; AerodromeError where there is none."""
    offered = [os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"]  # noqa: S108  (what is made there is private)
    for place in map(Path, filter(None, offered)):
        if place.is_dir() and os.access(place, os.W_OK | os.X_OK) and _is_in_memory(place):
            return place
    raise AerodromeError(
        "no folder in memory can be written to: neither XDG_RUNTIME_DIR nor /dev/shm",
        "mount a tmpfs at /dev/shm, or log in so that XDG_RUNTIME_DIR is set; secrets of hosts go to no disk",
    )


def clear(place: Path) -> None:
    """Delete the folders of this user's runs that were killed; those of living runs stay."""
    for folder in place.glob(f"{PREFIX}*"):
        if _is_ours(folder) and _is_dead(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _is_dead(folder: Path) -> bool:
    try:
        with (folder / _ALIVE).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except OSError:
        with suppress(OSError):
            return time.time() - folder.stat().st_mtime > _YOUNG
        return False


def _is_in_memory(place: Path) -> bool:
    """Return whether the innermost mount around *place* is one in memory."""
    around = {place, *place.resolve().parents, place.resolve()}
    found = ("", "")
    for line in _MOUNTS.read_text(encoding="utf-8").splitlines():
        _, point, kind, *_ = line.split()
        # A later mount covers an earlier one at the same place.
        if Path(point) in around and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1] in _IN_MEMORY
