"""Collecting the mistakes of one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aerodrome.errors import Problem
from aerodrome.source.place import Path, Positions

# More than anybody reads; finding the nearest word for each of a hostile file's would take hours.
MOST_PROBLEMS = 100
_LONGEST = 400


class TooManyProblemsError(Exception):
    """The file's report is full; its last problem says so."""


@dataclass
class Report:
    """The mistakes of *file*; *data* names them, *positions* places them."""

    file: str
    data: Any
    positions: Positions
    problems: list[Problem] = field(default_factory=list)

    def at(self, path: Path, message: str, remedy: str = "") -> None:
        """Report a mistake in the value at *path*."""
        self.placed(self.file, self.positions.locate(path), path, message, remedy)

    def at_key(self, path: Path, message: str, remedy: str = "") -> None:
        """Report a mistake in the last key of *path*."""
        self.placed(self.file, self.positions.locate_key(path), path, message, remedy)

    def placed(self, file: str, place: tuple[int, int], path: Path, message: str, remedy: str) -> None:
        """Report a mistake in the value at *path* whose text stands at *place* of *file*."""
        if len(self.problems) >= MOST_PROBLEMS:
            more = "more mistakes follow from here; they are not shown"
            self.problems.append(Problem(file, *place, "", more))
            raise TooManyProblemsError
        field = readable(field_name(self.data, path))
        self.problems.append(Problem(file, *place, field, readable(message), readable(remedy)))


def readable(text: str) -> str:
    """Return *text* as it may be printed: without control characters, and not by the page."""
    shown = text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def field_name(data: Any, path: Path) -> str:
    """Return *path* as people say it: `tasks.load.uses`, with the id of a list's item where it has one."""
    words: list[str] = []
    for step in path:
        data = _step(data, step)
        if isinstance(step, str):
            words.append(step)
        elif isinstance(data, dict) and isinstance(data.get("id"), str):
            words.append(data["id"])
        else:
            words[-1:] = [f"{words[-1] if words else ''}[{step}]"]
    return ".".join(words)


def _step(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None
