"""One at a time, among all test runs on this machine; ends with the process, however that ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path("/run/lock")


class BusyError(Exception):
    """Somebody else is at it."""


@contextmanager
def turn(name: str, *, wait: bool = True) -> Iterator[None]:
    """Wait for the turn called *name* and hold it for the block; BusyError at once without *wait*."""
    with (FOLDER / f"aerodrome-tests-{name}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise BusyError(name) from None
        yield
