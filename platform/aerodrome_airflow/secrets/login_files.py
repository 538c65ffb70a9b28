"""The files of a host's login: root's alone, each whole or not there, whatever ends the program that writes them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MODE = 0o600


@dataclass(frozen=True)
class LoginFiles:
    """A secret id at *path*, beside it the one that will take its place and the one whose place it took."""

    path: Path

    @property
    def next(self) -> Path:
        """Return where a secret id waits that nobody has tried yet."""
        return self.path.with_name(f"{self.path.name}.next")

    @property
    def old(self) -> Path:
        """Return where the last one is until the store has forgotten it."""
        return self.path.with_name(f"{self.path.name}.old")

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold these files for the block, after waiting for another program that does."""
        lock = os.open(
            self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _MODE
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def current(self) -> str:
        """Return the secret id that the host logs in with; an empty text where it has none."""
        return read(self.path)

    def age(self) -> float:
        """Return for how many seconds the secret id has been in use; a clock that was set back counts as long ago."""
        seconds = time.time() - self.path.stat().st_mtime
        return seconds if seconds >= 0 else float("inf")

    def propose(self, secret_id: str) -> None:
        """Note *secret_id* as the next one."""
        write(self.next, secret_id)

    def accept(self) -> None:
        """Put the next one in the place of the current one, which is kept as the old one."""
        remove(self.old)
        with contextlib.suppress(FileNotFoundError):
            self.old.hardlink_to(self.path)
        self.next.replace(self.path)
        _note_folder(self.path.parent)


def read(path: Path) -> str:
    """Return the text of *path* without space around it; an empty text where there is no file."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


def write(path: Path, text: str) -> None:
    """Write *text* so that *path* is the old file or the new one, and never readable by others than its owner."""
    draft = path.with_name(f"{path.name}.draft")
    remove(draft)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(draft, flags, _MODE), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _note_folder(path.parent)


def remove(path: Path) -> None:
    """Remove *path* where it is there."""
    path.unlink(missing_ok=True)


def _note_folder(folder: Path) -> None:
    # A rename that a power cut undoes would bring back a login that the store has forgotten.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
