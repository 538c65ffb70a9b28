"""Ctrl-C while a program of somebody else works for us: passed on to it, and raised when it has ended."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import psutil

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """While the block runs, the first signal interrupts the child that works in *folder*; after the block it counts.

    A second one makes :meth:`again` true: the child is to be killed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._before: dict[int, Any] = {}
        self._received: list[int] = []

    def __enter__(self) -> Interruption:
        # Another thread is never the one that a signal reaches.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._take) for number in _PASSED_ON}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if not self._received:
            return
        if self._received[0] == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + self._received[0])

    def again(self) -> bool:
        """Return whether somebody asked twice."""
        return len(self._received) > 1

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self._received.append(number)
        for child in psutil.Process().children():
            with suppress(psutil.Error):
                if any(self._folder in word for word in child.cmdline()):
                    child.send_signal(signal.SIGINT)
