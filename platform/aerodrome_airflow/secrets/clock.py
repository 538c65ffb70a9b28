"""Seconds that also pass while the machine sleeps: tokens end meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]


def since_boot() -> float:
    """Return the seconds since the machine's start."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
