"""What a tenant's functions can do to exhaust the platform."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

_PIECE = 1024 * 1024
# Incompressible, and longer than a compressor looks back.
_NOISE = os.urandom(16 * _PIECE)


def nothing() -> None:
    """End at once."""


def rest() -> None:
    """Take a slot for a while, and nothing else."""
    time.sleep(10)


def long_line() -> None:
    """Write 1 GB without the end of a line."""
    for _ in range(1000):
        sys.stdout.write("x" * 1_000_000)


def output() -> None:
    """Write lines for ever."""
    while True:
        sys.stdout.write("another line\n" * 1000)


def result() -> Iterator[bytes]:
    """Yield bytes for ever."""
    while True:
        for start in range(0, len(_NOISE), _PIECE):
            yield _NOISE[start : start + _PIECE]


def sleep() -> None:
    """Sleep past the limit and heed no signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(3600)
