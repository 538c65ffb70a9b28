"""Read, write and look at files of a tenant, in a process that runs as the tenant's user."""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from aerodrome_airflow.launcher.protocol import PIECE


class BadPathError(Exception):
    """A path that leaves its folder, or names nothing that can be read."""


UNREADABLE = (OSError, EOFError, ValueError, BadPathError, zipfile.BadZipFile, zlib.error)
"""What goes wrong with files."""


def inside(root: Path, path: object) -> Path:
    """Return *path* below *root*; BadPathError where it is absolute, empty, or goes up."""
    if not isinstance(path, str) or not path or "\0" in path:
        raise BadPathError(f"{path!r} is not a path")
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise BadPathError(f"{path!r}: paths start below the folder and never go up")
    return root / relative


def look(path: Path) -> dict[str, Any]:
    """Return whether *path* exists, and its kind, size and time of change where it does."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return {"exists": False}
    kind = "folder" if stat.S_ISDIR(status.st_mode) else "file"
    return {"exists": True, "kind": kind, "size": status.st_size, "modified": status.st_mtime}


def read(path: Path, target: int) -> dict[str, Any]:
    """Write the content of *path* to the descriptor *target*, unpacked where it is a .gz or .zip."""
    size = 0
    with opened(path) as source, os.fdopen(target, "wb") as sink:
        while piece := source.read(PIECE):
            sink.write(piece)
            size += len(piece)
    return {"size": size}


@contextlib.contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Give the content of *path* as a stream; BadPathError where it is no file, or a .zip of several."""
    # A named pipe would block here for ever.
    if path.exists() and not path.is_file():
        raise BadPathError(f"{path.name} is not a file")
    with _opener(path)(path) as stream:
        yield stream


def _opener(path: Path) -> Callable[[Path], contextlib.AbstractContextManager[IO[bytes]]]:
    return {".gz": _open_gzip, ".zip": _open_zip}.get(path.suffix.lower(), _open_plain)


def _open_plain(path: Path) -> contextlib.AbstractContextManager[IO[bytes]]:
    return path.open("rb")


@contextlib.contextmanager
def _open_gzip(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as packed:
        yield cast(IO[bytes], gzip.GzipFile(fileobj=packed))


@contextlib.contextmanager
def _open_zip(path: Path) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise BadPathError(f"{path.name} holds {len(members)} files; a .zip with exactly one can be read")
        with archive.open(members[0]) as stream:
            yield stream


def write(path: Path, source: int, size: int) -> dict[str, Any]:
    """Write the *size* bytes that come from the descriptor *source* to *path*, or leave *path* as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(source, "rb") as incoming, draft.open("xb") as sink:
            shutil.copyfileobj(incoming, sink, PIECE)
        # The source also ends where the sender died half way.
        if draft.stat().st_size != size:
            raise BadPathError(f"{path.name}: {draft.stat().st_size} bytes came of {size}")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return {"size": size}
