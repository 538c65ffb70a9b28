"""A stream of short tasks, to see that nothing is lost of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from control.plane import Control


@contextmanager
def stream(control: Control, pause: float = 1.0, seconds: int = 3) -> Iterator[list[str]]:
    """Start a run each *pause* seconds until the block ends, and yield the list of their ids.

    Each of them takes *seconds*. What keeps a run from being started is raised when the block ends.
    """
    runs: list[str] = []
    over, problems = threading.Event(), list[Exception]()

    def flow() -> None:
        try:
            while not over.wait(pause):
                runs.append(control.begin("grind", seconds=seconds))
        except Exception as problem:
            problems.append(problem)

    thread = threading.Thread(target=flow)
    thread.start()
    try:
        yield runs
    finally:
        over.set()
        thread.join()
    if problems:
        raise problems[0]
