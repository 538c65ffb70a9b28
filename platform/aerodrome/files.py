"""Writing files so that a reader never meets half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNCHANGED = (-1, -1)
"""The uid and gid that chown takes for 'as it is'."""


def write_atomically(path: Path, text: str, mode: int = 0o644, owner: tuple[int, int] = UNCHANGED) -> None:
    """Put *text* at *path* with *mode* and *owner* (uid, gid): the old content or the new, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _written_beside(path, text, mode, owner) as temporary:
        temporary.replace(path)


def write_once(path: Path, text: str, mode: int = 0o600) -> str:
    """Put *text* at *path* where there is no file yet, and return what stands there: all who try get the same."""
    with _written_beside(path, text, mode, UNCHANGED) as temporary, suppress(FileExistsError):
        path.hardlink_to(temporary)
    return path.read_text(encoding="utf-8")


@contextmanager
def _written_beside(path: Path, text: str, mode: int, owner: tuple[int, int]) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            if owner != UNCHANGED:
                os.fchown(stream.fileno(), *owner)
            os.fchmod(stream.fileno(), mode)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def machine_cache() -> Path:
    """Return the folder in which this user, or as root this machine, keeps what is costly to make."""
    if os.geteuid() == 0:
        return Path("/var/cache/aerodrome")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aerodrome"
