"""Processes that share what one has imported: importing Airflow takes most of the time that a server needs to start."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path


def forked(work: Callable[[], None]) -> int:
    """Let a process of its own do *work* and return its number."""
    number = os.fork()
    if number:
        return number
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def done(work: Callable[[], None], what: str) -> None:
    """Return when a process of its own has done *work*; SystemExit where it could not: *what* failed."""
    _, status = os.waitpid(forked(work), 0)
    if status:
        raise SystemExit(f"{what} failed")


def await_file(path: Path) -> None:
    """Return when a forked server has made *path*; SystemExit where one has ended instead.

    Servers start one after the other: two that make FAB's table of sessions at once trip over each other.
    """
    while not path.exists():
        if os.waitpid(-1, os.WNOHANG)[0]:
            raise SystemExit("a server ended")
        time.sleep(0.05)
