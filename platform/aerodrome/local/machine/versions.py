"""A folder in several versions side by side: a link leads to the current one, and who runs from another keeps it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from aerodrome.files import write_atomically
from aerodrome.local.machine.ownership import ensure_folder

_WHOLE = ".whole"
_DIGITS = 16


@dataclass(frozen=True)
class Versions:
    """The versions of what *link* leads to: `<link>-<digest>` beside it."""

    link: Path

    def is_current(self, digest: str) -> bool:
        """Return whether *digest* is what the link leads to, and whole."""
        return self._current() == self._folder(digest).name and self._is_whole(digest)

    def build(self, digest: str, fill: Callable[[Path], None]) -> None:
        """Make the version *digest* where it is not there, by *fill*; one that was interrupted is begun anew."""
        folder = self._folder(digest)
        if self._is_whole(digest):
            return
        shutil.rmtree(folder, ignore_errors=True)
        ensure_folder(folder, 0o755)
        fill(folder)
        (folder / _WHOLE).touch()

    def switch(self, digest: str) -> None:
        """Lead the link to *digest* in one step."""
        if self.is_current(digest):
            return
        switches = [*self._switches(), *self._set_aside(), (time.time(), self._folder(digest).name)]
        write_atomically(self._history, json.dumps(switches))
        aside = self.link.with_name(f".{self.link.name}.new")
        aside.unlink(missing_ok=True)
        aside.symlink_to(self._folder(digest).name)
        aside.replace(self.link)

    def prune(self, started: Iterable[float]) -> tuple[str, ...]:
        """Remove and return all versions but the current one and those of processes *started* (times) before it."""
        switches = self._switches()
        used = {self._current(), *(_at(switches, moment) for moment in started)}
        folders = [path for path in self.link.parent.glob(f"{self.link.name}-*") if path.is_dir()]
        gone = [path for path in folders if path.name not in used]
        for path in gone:
            # Moved away first: an interrupted removal leaves nothing that looks whole.
            (path / _WHOLE).unlink(missing_ok=True)
            shutil.rmtree(path)
        left = {path.name for path in folders} - {path.name for path in gone}
        write_atomically(self._history, json.dumps([entry for entry in switches if entry[1] in left]))
        return tuple(sorted(path.name for path in gone))

    def _set_aside(self) -> list[tuple[float, str]]:
        # An earlier deploy made a folder where the link is to stand.
        if self.link.is_symlink() or not self.link.is_dir():
            return []
        first = self.link.with_name(f"{self.link.name}-first")
        self.link.rename(first)
        return [(0.0, first.name)]

    @property
    def _history(self) -> Path:
        return self.link.with_name(f".{self.link.name}.history")

    def _folder(self, digest: str) -> Path:
        return self.link.with_name(f"{self.link.name}-{digest[:_DIGITS]}")

    def _is_whole(self, digest: str) -> bool:
        return (self._folder(digest) / _WHOLE).exists()

    def _current(self) -> str:
        return self.link.readlink().name if self.link.is_symlink() else ""

    def _switches(self) -> list[tuple[float, str]]:
        try:
            return [(moment, name) for moment, name in json.loads(self._history.read_text(encoding="utf-8"))]
        except (OSError, ValueError):
            return []


def _at(switches: list[tuple[float, str]], moment: float) -> str:
    """Return what the link led to at *moment*."""
    before = [name for when, name in switches if when <= moment]
    # Older than all that is known: it cannot have run from anything but the first.
    return (before or [name for _, name in switches[:1]] or [""])[-1]
