"""What the store said lately, within bounds of number and size; the longest unused goes first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from aerodrome_airflow.secrets.protocol import Answer, Lookup, reply

MOST_ENTRIES = 5_000
MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """An answer of the store and when it was given."""

    answer: Answer
    at: float
    size: int


class Cache:
    """Answers by lookup."""

    def __init__(self, entries: int = MOST_ENTRIES, size: int = MOST_BYTES) -> None:
        self._entries, self._size = entries, size
        self._kept: OrderedDict[Lookup, Kept] = OrderedDict()
        self.bytes = 0

    def get(self, lookup: Lookup) -> Kept | None:
        """Return what is kept of *lookup*, however old."""
        if lookup in self._kept:
            self._kept.move_to_end(lookup)
        return self._kept.get(lookup)

    def put(self, lookup: Lookup, answer: Answer, now: float) -> None:
        """Keep *answer* in the place of an earlier one."""
        self.drop(lookup)
        kept = Kept(answer, now, len(reply(answer)))
        self._kept[lookup] = kept
        self.bytes += kept.size
        while self._kept and (len(self._kept) > self._entries or self.bytes > self._size):
            self.drop(next(iter(self._kept)))

    def drop(self, lookup: Lookup) -> None:
        """Forget *lookup*."""
        if kept := self._kept.pop(lookup, None):
            self.bytes -= kept.size

    def __len__(self) -> int:
        return len(self._kept)
