"""The folder of task logs on a host, as it is now."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aerodrome_airflow.logs.ledger import State

NANO = 1e-9
OF_FILE_SYSTEM = "lost+found"
"""What a volume keeps for itself, at its top; root alone may enter it."""


@dataclass(frozen=True)
class Log:
    """One file; *path* is relative to the folder."""

    path: str
    state: State

    @property
    def changed(self) -> float:
        """Return when it was last written to: seconds since 1970."""
        return self.state.changed * NANO


def logs(folder: Path, closed: Callable[[str], None]) -> Iterator[Log]:
    """Yield every file below *folder*, and call *closed* with each folder that may not be entered.

    Links are nobody's logs, nor is what begins with a point, which is the sender's own.
    """
    waiting = [folder]
    while waiting:
        for entry in _entries(waiting.pop(), closed):
            if entry.name.startswith(".") or entry.path == str(folder / OF_FILE_SYSTEM):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    yield _log(folder, entry)


def opened(folder: Path, log: Log) -> BinaryIO:
    """Return *log* for reading; FileNotFoundError where it is gone, OSError where a link took its place."""
    number = os.open(folder / log.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise FileNotFoundError(log.path)
    return os.fdopen(number, "rb")


def _entries(folder: Path, closed: Callable[[str], None]) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return
    except PermissionError:
        closed(str(folder))


def _log(folder: Path, entry: os.DirEntry[str]) -> Log:
    found = entry.stat(follow_symlinks=False)
    return Log(os.path.relpath(entry.path, folder), State(found.st_size, found.st_mtime_ns))
