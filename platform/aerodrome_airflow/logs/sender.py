"""Sends what is new in the folder of logs, and keeps the folder within its bounds.

Nothing waits for it: a store that is away costs no task anything, and what could not be sent is sent when it is back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aerodrome_airflow.logs import folder as files
from aerodrome_airflow.logs.folder import Log
from aerodrome_airflow.logs.ledger import Ledger, Sent
from aerodrome_airflow.logs.place import AwayError, LogStore, RefusedError, key

PATIENCE = 3.0
"""Seconds without a new line after which a log is sent; a log that never pauses is sent four times as rarely."""
BYTES_A_SECOND = 4 * 1024 * 1024
"""Of patience: a large log is sent less often."""
STILL_WRITTEN = 600.0
"""Seconds: a file that changed since is not removed, however full the folder is."""
MOST_REFUSED = 3
Clock = Callable[[], float]

log = logging.getLogger("logs")


@dataclass(frozen=True)
class Status:
    """How sending goes; times are seconds since 1970, 0 for none. *dropped*: logs that went without being sent."""

    at: float = 0
    waiting: int = 0
    waiting_bytes: int = 0
    oldest: float = 0
    failing_since: float = 0
    dropped: int = 0


@dataclass(frozen=True)
class Bounds:
    """Seconds for which a log stays that was sent, and bytes of all."""

    kept: float
    largest: int


class Sender:
    """Sends logs; *source*: the folder that they are in, and the host that writes them."""

    def __init__(
        self, source: tuple[Path, str], store: LogStore, ledger: Ledger, bounds: Bounds, clock: Clock
    ) -> None:
        (self._folder, self._host), self._store = source, store
        self._ledger, self._bounds, self._clock = ledger, bounds, clock
        self._dropped, self._failing_since = 0, 0.0

    def once(self, *, at_rest: bool = False) -> Status:
        """Send what is due, or with *at_rest* all that has not been sent, and return how it went."""
        found = sorted(files.logs(self._folder), key=lambda one: one.state.changed)
        self._send_all([one for one in found if self._is_due(one, at_rest)])
        waiting = [one for one in found if not self._is_sent(one)]
        return Status(
            self._clock(),
            len(waiting),
            sum(one.state.size for one in waiting),
            waiting[0].changed if waiting else 0,
            self._failing_since,
            self._dropped,
        )

    def clean(self) -> None:
        """Remove what was sent long enough ago, and then the oldest until the rest is within its bounds."""
        found = sorted(files.logs(self._folder), key=lambda one: one.state.changed)
        for gone in set(self._ledger.paths()) - {one.path for one in found}:
            self._ledger.forget(gone)
        left = [one for one in found if not self._is_over(one)]
        self._shrink(left, sum(one.state.size for one in left))

    def _is_over(self, one: Log) -> bool:
        over = self._is_sent(one) and self._clock() - one.changed >= self._bounds.kept
        if over:
            self._remove(one)
        return over

    def _shrink(self, left: Sequence[Log], size: int) -> None:
        # False sorts first: what was sent goes before what was not.
        for one in sorted(left, key=lambda one: not self._is_sent(one)):
            if size <= self._bounds.largest:
                return
            if self._clock() - one.changed < STILL_WRITTEN:
                continue
            if not self._is_sent(one):
                self._dropped += 1
                log.warning("the folder of logs is full: removed %s, which was not sent", one.path)
            self._remove(one)
            size -= one.state.size

    def _remove(self, one: Log) -> None:
        with suppress(FileNotFoundError):
            (self._folder / one.path).unlink()
        self._ledger.forget(one.path)

    def _send_all(self, due: Sequence[Log]) -> None:
        refused = 0
        for one in due:
            try:
                self._send(one)
            except RefusedError as problem:
                # One log that the store does not take must not hold up the others.
                refused += 1
                log.warning("%s: %s", one.path, problem)
                if refused == MOST_REFUSED:
                    return self._failed(problem)
            except AwayError as problem:
                return self._failed(problem)
        if due and self._failing_since and refused < len(due):
            log.info("logs are sent again")
            self._failing_since = 0.0
        return None

    def _failed(self, problem: AwayError) -> None:
        if not self._failing_since:
            log.warning("logs stay on this host for now: %s", problem)
            self._failing_since = self._clock()

    def _send(self, one: Log) -> None:
        with suppress(FileNotFoundError), files.opened(self._folder, one) as content:
            self._store.put(key(one.path, self._host), content)
            self._ledger.put(one.path, Sent(one.state, self._clock()))

    def _is_sent(self, one: Log) -> bool:
        sent = self._ledger.get(one.path)
        return sent is not None and sent.state == one.state

    def _is_due(self, one: Log, at_rest: bool) -> bool:
        sent, now = self._ledger.get(one.path), self._clock()
        if sent is None or at_rest:
            return sent is None or sent.state != one.state
        patience = max(PATIENCE, one.state.size / BYTES_A_SECOND)
        paused, long_ago = now - one.changed >= patience, now - sent.at >= 4 * patience
        return sent.state != one.state and (paused or long_ago)
