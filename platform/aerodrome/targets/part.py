"""Which of its changes a target makes in its turn: what is taken away goes when nothing needs it any more."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from aerodrome.plan import Change
from aerodrome.progress import Progress

Restore = Callable[[Progress], None]
"""Brings back what a target had before a deploy."""


class Part(Enum):
    """All changes of a target, those that take nothing away, or those that do."""

    ALL = "all"
    GRANTS = "grants"
    REMOVALS = "removals"

    def has(self, change: Change) -> bool:
        """Return whether *change* belongs to this part."""
        return self is Part.ALL or (change.action == "delete") is (self is Part.REMOVALS)
