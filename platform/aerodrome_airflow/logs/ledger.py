"""What of which log has been sent: a small database on the host, so that a new start sends nothing twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_TABLE = """CREATE TABLE IF NOT EXISTS sent (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID"""


@dataclass(frozen=True)
class State:
    """How a file is: bytes, and the time of its last change in nanoseconds."""

    size: int
    changed: int


@dataclass(frozen=True)
class Sent:
    """How a file was when it was sent, and when that was: seconds since 1970."""

    state: State
    at: float


class Ledger:
    """Paths are relative to the folder of logs."""

    def __init__(self, file: Path) -> None:
        # A power cut may lose the last lines: these logs are sent again.
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(_TABLE)

    def get(self, path: str) -> Sent | None:
        """Return what is known of *path*."""
        row = self._one("SELECT size, changed, at FROM sent WHERE path = ?", path)
        return Sent(State(row[0], row[1]), row[2]) if row else None

    def put(self, path: str, sent: Sent) -> None:
        """Note that *path* was sent."""
        values = (path, sent.state.size, sent.state.changed, sent.at)
        self._connection.execute("INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?)", values)

    def forget(self, path: str) -> None:
        """Note that *path* is no more."""
        self._connection.execute("DELETE FROM sent WHERE path = ?", (path,))

    def paths(self) -> Iterator[str]:
        """Yield all that it knows."""
        with closing(self._connection.execute("SELECT path FROM sent")) as rows:
            yield from (path for (path,) in rows.fetchall())

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def _one(self, statement: str, *values: str) -> tuple[int, int, float] | None:
        with closing(self._connection.execute(statement, values)) as rows:
            found: tuple[int, int, float] | None = rows.fetchone()
        return found
