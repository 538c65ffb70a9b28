"""The result of a tenant's process on its way to the store, while the process makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aerodrome_airflow.launcher.client import Job, Launch, OnLine
from aerodrome_airflow.xcom.streams import Streamed


class LaunchedStream(Streamed):
    """What a launched function streams; *result* is what it returns as JSON instead.

    An error of the function, in the middle of its stream too, is raised where the pieces are taken: nothing of
    them is stored.
    """

    def __init__(
        self, launch: Launch, job: Job, on_line: OnLine, content: Iterable[bytes] | None = None
    ) -> None:
        self._launch = launch
        self._received = launch.read(job, on_line, content)
        self._first = b""
        self.result: Any = None
        super().__init__(self._pieces())

    def begins(self) -> bool:
        """Wait for the first piece, or for the end, and return whether the result comes as a stream."""
        try:
            self._first = next(self._received)
        except StopIteration as end:
            self._end(end.value)
            # A stream may be empty.
            return getattr(self._launch, "form", None) is not None
        return True

    def _pieces(self) -> Iterator[bytes]:
        if self._first:
            yield self._first
        self._end((yield from self._received))

    def _end(self, result: Any) -> None:
        self.result = result
        self.form = getattr(self._launch, "form", None) or ""
