"""How long a job may take where the platform's own code runs as the tenant's user."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Deadlines:
    """Seconds; None: for ever.

    *grace*: a stopped job's, between SIGTERM and SIGKILL; *total*: of the whole job; *idle*: without moving a byte.
    The tenant's other processes can stop those of its own user, the platform's code among them.
    """

    grace: float
    total: float | None = None
    idle: float | None = None


class Clock:
    """Runs from its making, and anew from each byte that moved."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._total, self._idle = deadlines.total, deadlines.idle
        self._began = self._moved = time.monotonic()

    def moved(self) -> None:
        """Note that something went on, or that nothing could."""
        self._moved = time.monotonic()

    def left(self) -> float | None:
        """Return the seconds until the next deadline; None: there is none."""
        now = time.monotonic()
        ends = [
            start + seconds
            for start, seconds in ((self._began, self._total), (self._moved, self._idle))
            if seconds is not None
        ]
        return max(0.0, min(ends) - now) if ends else None

    def overdue(self) -> str | None:
        """Return which deadline has passed."""
        now = time.monotonic()
        if self._total is not None and now >= self._began + self._total:
            return f"it did not end within {self._total:g} s"
        if self._idle is not None and now >= self._moved + self._idle:
            return f"it moved nothing for {self._idle:g} s"
        return None
