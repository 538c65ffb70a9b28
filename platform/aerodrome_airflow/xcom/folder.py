"""Results in a folder of this machine."""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from aerodrome_airflow.xcom.errors import StoreError
from aerodrome_airflow.xcom.objects import Found, Seen

WRITE_BACK = 32 * 1024 * 1024
_PIECE = 512 * 1024
# A finished object ends with more digits than a draft does: no key of a result is taken for a draft.
_DRAFT = re.compile(r"(.+)\.part-[0-9a-f]{8}", re.DOTALL)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# The collector takes away empty folders; a task that makes one of the same name begins again.
_ATTEMPTS = 20


class FolderStore:
    """A folder for each part of a key. No link is followed below *root*, which must be there."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, key: str) -> FolderUpload:
        """Return the upload of a new file, which has another name until it is committed."""
        *parts, name = key.split("/")
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(FileNotFoundError), _told(), self._folder(parts, make=True) as folder:
                return FolderUpload(folder, name)
        raise StoreError(f"the store of results has no folder {self._root}")

    def open(self, key: str, seen: Seen | None = None) -> IO[bytes]:
        """Return the file."""
        *parts, name = key.split("/")
        try:
            with _told(), self._folder(parts, make=False) as folder:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        except FileNotFoundError:
            raise StoreError("the result is no longer in the store") from None
        file = os.fdopen(descriptor, "rb")
        if seen:
            _show(file, seen)
        return file

    def find(self, prefix: str) -> Iterator[Found]:
        """Yield every file below *prefix*."""
        for folder, _, names in os.walk(self._root / prefix):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    yield self._found(Path(folder) / name)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the folders directly below *prefix*."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self._root / prefix) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    yield f"{prefix}{entry.name}/"

    def remove(self, found: Found) -> None:
        """Remove a file, and the folders that are empty without it."""
        path = self._root / (found.upload or found.key)
        with _told():
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            while (path := path.parent) != self._root:
                path.rmdir()

    def _found(self, path: Path) -> Found:
        place = path.relative_to(self._root).as_posix()
        changed = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
        draft = _DRAFT.fullmatch(place)
        return Found(draft[1], changed, place) if draft else Found(place, changed)

    @contextlib.contextmanager
    def _folder(self, parts: list[str], *, make: bool) -> Iterator[int]:
        current = os.open(self._root, _FOLDER)
        try:
            for part in parts:
                if make:
                    _make(part, current)
                inner = os.open(part, _FOLDER, dir_fd=current)
                os.close(current)
                current = inner
            yield current
        finally:
            os.close(current)


class FolderUpload:
    """A file without its name: `<name>.part-<random>` until it is committed."""

    def __init__(self, folder: int, name: str) -> None:
        self._name = name
        self._draft = f"{name}.part-{uuid.uuid4().hex[:8]}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with _shared():
            descriptor = os.open(self._draft, flags, 0o660, dir_fd=folder)
        # What comes is large: a buffer would hold a copy of it.
        self._file = os.fdopen(descriptor, "wb", 0)
        self._written = self._begun = 0
        # Whatever becomes of the folder's path meanwhile.
        self._folder = os.dup(folder)

    def write(self, content: bytes) -> None:
        """Take *content*."""
        left = memoryview(content)
        with _told():
            while left:
                left = left[self._file.write(left) :]
        self._written += len(content)
        if self._written - self._begun >= WRITE_BACK:
            self._write_back()

    def _write_back(self) -> None:
        # Has the system begin to write, without waiting: else all of it would wait for the commit.
        descriptor, count = self._file.fileno(), self._written - self._begun
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, self._begun, count, os.POSIX_FADV_DONTNEED)
        self._begun = self._written

    def commit(self) -> None:
        """Give the file its name, once its content is on the disk."""
        with _told():
            os.fdatasync(self._file.fileno())
            self._file.close()
            os.rename(self._draft, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            os.fsync(self._folder)
            os.close(self._folder)

    def abort(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            os.unlink(self._draft, dir_fd=self._folder)
        with contextlib.suppress(OSError):
            os.close(self._folder)


def _show(file: IO[bytes], seen: Seen) -> None:
    try:
        with _told():
            while piece := file.read(_PIECE):
                seen(piece)
            file.seek(0)
    except BaseException:
        file.close()
        raise


def _make(name: str, parent: int) -> None:
    with contextlib.suppress(FileExistsError), _shared():
        os.mkdir(name, 0o770, dir_fd=parent)


@contextlib.contextmanager
def _shared() -> Iterator[None]:
    # The group, which the folder above hands down, is that of the workers and of the collector.
    before = os.umask(0o007)
    try:
        yield
    finally:
        os.umask(before)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise StoreError(f"the store of results does not serve: {problem.strerror}") from None
