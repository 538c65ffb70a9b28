"""Sends what is new in the folder of logs, and keeps the folder within its bounds.

Nothing waits for it: a store that is away costs no task anything, and what could not be sent is sent when it is back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

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
MOST_REFUSED = 10
"""In a row: a store that refuses so many serves nobody now. The next look begins with others."""
BACK_OFF, LONGEST_BACK_OFF = 30.0, 300.0
"""Seconds until a log that was refused is tried again; twice as many after each time."""
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


@dataclass(frozen=True)
class BackOff:
    """When a log that was refused is tried again, and after which pause."""

    until: float
    pause: float


class Sender:
    """Sends logs; *source*: the folder that they are in, and the host that writes them."""

    def __init__(
        self, source: tuple[Path, str], store: LogStore, ledger: Ledger, bounds: Bounds, clock: Clock
    ) -> None:
        (self._folder, self._host), self._store = source, store
        self._ledger, self._bounds, self._clock = ledger, bounds, clock
        self._dropped, self._failing_since = 0, 0.0
        self._refused: dict[str, BackOff] = {}
        self._closed = set[str]()

    def once(self, *, at_rest: bool = False) -> Status:
        """Send what is due, or with *at_rest* all that has not been sent, and return how it went."""
        unsent = [one for one in self._found() if not self._is_sent(one)]
        due = [one for one in unsent if self._is_due(one, at_rest)]
        self._send_all(sorted(due, key=lambda one: one.path in self._refused))
        waiting = [one for one in unsent if not self._is_sent(one)]
        return Status(
            self._clock(),
            len(waiting),
            sum(one.state.size for one in waiting),
            waiting[0].changed if waiting else 0,
            self._failing_since,
            self._dropped,
        )

    def forget(self) -> None:
        """Forget the logs that are gone, whoever removed them."""
        there = {one.path for one in self._found()}
        for gone in set(self._ledger.paths()) - there:
            self._ledger.forget(gone)
        self._refused = {path: wait for path, wait in self._refused.items() if path in there}

    def clean(self) -> None:
        """Remove what was sent long enough ago, and then the oldest until the rest is within its bounds."""
        left = [one for one in self._found() if not self._is_over(one)]
        self._shrink(left, sum(one.state.size for one in left))

    def _found(self) -> list[Log]:
        return sorted(files.logs(self._folder, self._tell_of), key=lambda one: one.state.changed)

    def _tell_of(self, closed: str) -> None:
        if closed not in self._closed:
            log.warning("%s may not be entered by what sends logs: those in it stay on this host", closed)
        self._closed.add(closed)

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
        in_a_row = 0
        for one in due:
            try:
                self._send(one)
            except RefusedError as problem:
                # One log that the store does not take must not hold up the others.
                self._back_off(one, problem)
                in_a_row += 1
                if in_a_row == MOST_REFUSED:
                    return self._failed(problem)
            except AwayError as problem:
                return self._failed(problem)
            else:
                in_a_row = 0
                self._sent(one)
        return None

    def _back_off(self, one: Log, problem: RefusedError) -> None:
        before = self._refused.get(one.path)
        if before is None:
            log.warning("%s: %s", one.path, problem)
        pause = min(2 * before.pause, LONGEST_BACK_OFF) if before else BACK_OFF
        self._refused[one.path] = BackOff(self._clock() + pause, pause)

    def _sent(self, one: Log) -> None:
        self._refused.pop(one.path, None)
        if self._failing_since:
            log.info("logs are sent again")
            self._failing_since = 0.0

    def _failed(self, problem: AwayError) -> None:
        if not self._failing_since:
            log.warning("logs stay on this host for now: %s", problem)
            self._failing_since = self._clock()

    def _send(self, one: Log) -> None:
        with suppress(FileNotFoundError), self._opened(one) as content:
            self._store.put(key(one.path, self._host), content)
            self._ledger.put(one.path, Sent(one.state, self._clock()))

    def _opened(self, one: Log) -> BinaryIO:
        try:
            return files.opened(self._folder, one)
        except FileNotFoundError:
            raise
        except OSError as problem:
            raise RefusedError(f"cannot be read on this host: {problem.strerror}") from None

    def _is_sent(self, one: Log) -> bool:
        sent = self._ledger.get(one.path)
        return sent is not None and sent.state == one.state

    def _is_due(self, one: Log, at_rest: bool) -> bool:
        """Return whether *one*, which is not sent as it is, is to be sent now."""
        sent, now = self._ledger.get(one.path), self._clock()
        refused = self._refused.get(one.path)
        if refused is not None and now < refused.until and not at_rest:
            return False
        if sent is None or at_rest:
            return True
        patience = max(PATIENCE, one.state.size / BYTES_A_SECOND)
        return now - one.changed >= patience or now - sent.at >= 4 * patience
