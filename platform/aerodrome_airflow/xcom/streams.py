"""Results that never stand in the worker's memory: what a task hands over, and what a later one gets."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

PIECE = 64 * 1024


class Streamed:
    """A result that is being made: `ti.xcom_push(key, Streamed(pieces))` stores each piece as it comes.

    Where *pieces* raises, nothing is stored. *form* tells the reader what the bytes are: "csv", "arrow", …
    """

    def __init__(self, pieces: Iterable[bytes], form: str = "") -> None:
        self.pieces = pieces
        self.form = form

    @classmethod
    def file(cls, path: Path, form: str = "") -> Streamed:
        """Return the content of a file as a result."""
        return cls(_pieces(path), form)


class StoredStream:
    """A stored result of *size* bytes, which is read, and checked as a whole, each time it is opened."""

    def __init__(self, size: int, form: str, open_content: Callable[[], IO[bytes]]) -> None:
        self.size = size
        self.form = form
        self._open = open_content

    def __repr__(self) -> str:
        # Airflow shows this as the rendered parameter of a task.
        return f"StoredStream({self.size:,} bytes{f' of {self.form}' if self.form else ''})"

    def open(self) -> IO[bytes]:
        """Return the content as a file."""
        return self._open()

    def pieces(self) -> Iterator[bytes]:
        """Yield the content in pieces that a pipe takes."""
        with self.open() as file:
            while piece := file.read(PIECE):
                yield piece

    def save(self, path: Path) -> None:
        """Write the content to a new file."""
        with self.open() as file, path.open("xb") as target:
            shutil.copyfileobj(file, target, io.DEFAULT_BUFFER_SIZE * 16)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
