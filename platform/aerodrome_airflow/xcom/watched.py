"""Results that are no JSON on their way to database or store: one that holds a secret gets to neither."""

from __future__ import annotations

from types import TracebackType

from aerodrome_airflow.secrets import scrub
from aerodrome_airflow.secrets.search import BLOCK, Search, SecretFoundError
from aerodrome_airflow.xcom.codec import Sink
from aerodrome_airflow.xcom.errors import RefusedError


class Watched:
    """Hands content on to *sink*, and looks through it for what this task has read.

    RefusedError where a secret is in it: by a later piece, or by leaving the block.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink, self._search = sink, Search(scrub.known())
        self._held: list[memoryview] = []
        self._size = 0

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if kind is None:
            self._look()

    def write(self, content: bytes) -> int:
        """Take *content*; RefusedError where a secret was in what came some time before."""
        if self._search:
            # Whoever hands over its buffer may use it again.
            fixed = memoryview(bytes(content))
            for start in range(0, len(fixed), BLOCK):
                self._hold(fixed[start : start + BLOCK])
        return self._sink.write(content)

    def _hold(self, piece: memoryview) -> None:
        self._held.append(piece)
        self._size += len(piece)
        # In large blocks: a small one takes hardly less time.
        if self._size >= BLOCK:
            self._look()

    def _look(self) -> None:
        held, self._held, self._size = self._held, [], 0
        try:
            self._search.feed(held)
        except SecretFoundError:
            raise RefusedError(
                "the result holds a secret that this task has read: leave it out of what the task hands on"
            ) from None
