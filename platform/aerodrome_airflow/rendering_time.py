"""How long a task's templates may compute: Airflow's own time limit begins only after them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from airflow.sdk.exceptions import AirflowFailException

SECONDS = 30.0
"""For all templates of one task; those of a busy day take milliseconds."""
# Whatever catches the first exception meets another one.
_AGAIN = 1.0


class RenderingTime:
    """What is left of the time that the templates of one task have together."""

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = SECONDS if seconds is None else seconds
        self._spent = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the block run for the time that is left; AirflowFailException ends it."""
        begun = time.monotonic()
        try:
            with _alarm(max(0.001, self._seconds - self._spent), self._tell):
                yield
        finally:
            self._spent += time.monotonic() - begun

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        raise AirflowFailException(
            f"the task's templates are not rendered after {self._seconds:g} seconds:"
            " look for loops in loops, and compute such a value in a task"
        )


@contextmanager
def _alarm(seconds: float, handler: signal._HANDLER) -> Iterator[None]:
    # Signals reach the main thread alone, and there a task's templates are rendered.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handled = signal.signal(signal.SIGALRM, handler)
    begun = time.monotonic()
    before, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handled)
        if before:
            # Somebody's own time limit, which goes on.
            left = max(0.001, before - (time.monotonic() - begun))
            signal.setitimer(signal.ITIMER_REAL, left, interval)
