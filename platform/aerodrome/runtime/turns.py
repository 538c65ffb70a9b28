"""Whose turn it is to build or clear away for a tenant: a lock that no tenant can open, with a deadline."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from aerodrome.errors import AerodromeError

LOCKS = ".locks"
_PATIENCE = 0.1


def open_lock(into: Path, tenant: str) -> TextIO:
    """Return the lock file of *tenant*'s place below *into*, which only the user of this process may open."""
    # Beside the tenants' folders: whoever can open a lock file, be it to read, can hold its lock for ever.
    folder = into / LOCKS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(folder / tenant, flags, 0o600), "r+", encoding="utf-8")


def take(stream: TextIO) -> bool:
    """Return whether the lock that *stream* is was free, and now is held until *stream* is closed."""
    try:
        # The kernel gives the lock back however its holder ends.
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    stream.seek(0)
    stream.truncate()
    json.dump({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}, stream)
    stream.flush()
    return True


def wait(stream: TextIO, tenant: str, seconds: float, go_on: Callable[[], None]) -> None:
    """Return when the lock is taken; AerodromeError names who still holds it after *seconds*.

    *go_on* is called again and again, and ends the waiting by an exception.
    """
    deadline = time.monotonic() + seconds
    while not take(stream):
        go_on()
        if time.monotonic() > deadline:
            message = f"tenants/{tenant}: {holder(stream)} builds or clears away there for more than {seconds:.0f} s"
            raise AerodromeError(message, "wait for it, or end it, then run the command again")
        time.sleep(_PATIENCE)


def holder(stream: TextIO) -> str:
    """Return who holds the lock as words."""
    stream.seek(0)
    try:
        found = json.loads(stream.read())
        return f"process {found['pid']} (since {found['since']})"
    except (ValueError, KeyError, TypeError):
        return "a process that just began"
