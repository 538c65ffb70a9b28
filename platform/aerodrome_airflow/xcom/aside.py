"""Work on a result that goes on beside its making: its checksum, and its way to the store."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

Piece = TypeVar("Piece")
_BEHIND = 4


class Aside(Generic[Piece]):
    """Hands on what it takes to *work*, in order, in a thread of its own that may be a few pieces behind."""

    def __init__(self, work: Callable[[Piece], Any]) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(1, "aerodrome-xcom")
        self._waiting: deque[Future[Any]] = deque()

    def take(self, piece: Piece) -> None:
        """Take the next *piece*; raises what *work* raised on an earlier one."""
        self._waiting.append(self._thread.submit(self._work, piece))
        if len(self._waiting) > _BEHIND:
            self._waiting.popleft().result()

    def finish(self) -> None:
        """Return when all is done; raises what *work* raised."""
        self._thread.shutdown()
        for one in self._waiting:
            one.result()

    def abort(self) -> None:
        """Return when nothing goes on any more, whatever became of it."""
        self._thread.shutdown(cancel_futures=True)
