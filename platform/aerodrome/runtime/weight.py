"""How much a folder holds: a package of some kilobytes may unpack to more than there is room for."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PAUSE = 2.0
# Of the time that passes, so much at the most is spent on weighing.
_SHARE = 0.05
# What the file system counts in.
_BLOCK = 512


class TooHeavyError(Exception):
    """The folder holds more than it may."""


@dataclass
class Scale:
    """Weighs *folder*, which may hold *most* bytes on the disk."""

    folder: Path
    most: int
    _next: float = field(default=0.0, init=False)

    def look(self) -> None:
        """Weigh the folder if that was not done just now; TooHeavyError where it holds too much."""
        begun = time.monotonic()
        if begun >= self._next:
            self.weigh()
            self._next = begun + max(_PAUSE, (time.monotonic() - begun) / _SHARE)

    def weigh(self) -> None:
        """Do nothing, or raise TooHeavyError."""
        total = 0
        for size in _sizes(self.folder):
            total += size
            if total > self.most:
                raise TooHeavyError


def _sizes(folder: str | Path) -> Iterator[int]:
    # What is there may be gone a moment later.
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _sizes(entry.path)
            else:
                with suppress(OSError):
                    yield entry.stat(follow_symlinks=False).st_blocks * _BLOCK
