"""Logs in a store as the API server shows them: each host's or pod's part, from the zone of the task's queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice

from aerodrome_airflow.logs.place import SEPARATOR, AwayError, LogStore, is_inside

PAUSE_SECONDS = 10.0
"""For so long a store that was away is not asked again: whoever looks at a log meanwhile does not wait for it."""

log = logging.getLogger(__name__)


@dataclass
class Shown:
    """*stores* by zone; *zones* by queue, of those whose logs are sent."""

    stores: Mapping[str, LogStore]
    zones: Mapping[str, str]
    clock: Callable[[], float] = time.monotonic
    _away: dict[str, tuple[float, str]] = field(default_factory=dict)

    def knows(self, queue: str) -> bool:
        """Return whether logs of tasks on *queue* are sent to a store."""
        return queue in self.zones

    def read(self, queue: str, relative: str) -> tuple[list[str], list[Iterator[str]]]:
        """Return where parts of the log at *relative* are, or why nothing is known, and the lines of each part."""
        zone = self.zones.get(queue)
        if zone is None or not is_inside(relative):
            return [], []
        if reason := self._still_away(zone):
            return [reason], []
        store = self.stores[zone]
        try:
            found = store.parts(relative + SEPARATOR)
            # The first line of each is read here: what cannot be read is said, and does not end the page.
            return found, [_begun(store.lines(key)) for key in found]
        except AwayError as problem:
            return [self._note(zone, problem)], []

    def _still_away(self, zone: str) -> str:
        until, reason = self._away.get(zone, (0.0, ""))
        return reason if self.clock() < until else ""

    def _note(self, zone: str, problem: AwayError) -> str:
        reason = f"Logs of zone '{zone}' cannot be read now: {problem}"
        log.warning("%s", reason)
        self._away[zone] = self.clock() + PAUSE_SECONDS, reason
        return reason


def _begun(lines: Iterator[str]) -> Iterator[str]:
    return _to_its_end(chain(list(islice(lines, 1)), lines))


def _to_its_end(lines: Iterator[str]) -> Iterator[str]:
    # A generator: Airflow takes no other kind of iterator.
    try:
        yield from lines
    except AwayError as problem:
        yield f"{problem}: the rest of this log is missing here"
