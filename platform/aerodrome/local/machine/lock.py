"""One deploy at a time in one state folder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from aerodrome.errors import HeldError, UserError
from aerodrome.local.machine import state
from aerodrome.quantities import format_duration

SUFFIX = ".lock"


@contextmanager
def alone(path: Path, what: str = "this platform") -> Iterator[None]:
    """Hold the lock file at *path* for the block; HeldError tells who works on *what*, and since when.

    The kernel gives the lock back however its holder ends, so none is ever stale. Where the folder that it stands
    for is not there at the end, made by nobody or destroyed, the file goes as well.
    """
    with _held(path, what) as stream:
        _sign(stream.fileno())
        try:
            yield
        finally:
            if not path.with_name(path.name.removesuffix(SUFFIX)).exists() and _stands_at(stream, path):
                path.unlink()


def _sign(descriptor: int) -> None:
    holder = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    # On a full disk the lock is held all the same: `destroy` is what makes room.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(holder).encode())


def lock_file(root: Path) -> Path:
    """Return the lock of *root*'s deployment; it stands beside the state, which `destroy` removes."""
    folder = state.locate(root).state
    return folder.with_name(folder.name + SUFFIX)


def _held(path: Path, what: str) -> TextIO:
    while True:
        stream = _open(path)
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with stream:
                stream.seek(0)
                holder = _holder(stream.read())
            raise HeldError(f"another command works on {what}: {holder}", "wait for it, or end it") from None
        if _stands_at(stream, path):
            return stream
        # Its last holder removed the file between the two calls: the lock on it keeps nobody out.
        stream.close()


def _stands_at(stream: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _open(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as problem:
        raise UserError(
            f"{path}: {problem.strerror}", "deploy as the user who deployed before, or set AERODROME_STATE"
        ) from None


def _holder(text: str) -> str:
    try:
        found = json.loads(text)
        age = datetime.now(UTC) - datetime.fromisoformat(found["since"])
        return f"process {found['pid']} since {found['since']} ({format_duration(age)})"
    except (ValueError, KeyError, TypeError):
        return "it just started"
