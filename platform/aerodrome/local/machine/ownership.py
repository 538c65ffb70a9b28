"""Files and folders with exactly the owner and mode that they need."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from aerodrome.files import write_atomically


@dataclass(frozen=True)
class Owner:
    """Whom a file belongs to; without root everything belongs to the caller and both are None."""

    user: str | None = None
    group: str | None = None

    def ids(self) -> tuple[int, int]:
        """Return uid and gid for chown; -1 leaves one as it is."""
        uid = pwd.getpwnam(self.user).pw_uid if self.user else -1
        if self.group:
            return uid, grp.getgrnam(self.group).gr_gid
        return uid, pwd.getpwnam(self.user).pw_gid if self.user else -1


NOBODY = Owner()
LINE_LIMIT = 500


def ensure_folder(path: Path, mode: int, owner: Owner = NOBODY) -> None:
    """Make *path* a folder with *mode* and *owner*; parents are made with mode 0755."""
    path.mkdir(parents=True, exist_ok=True)
    _settle(path, mode, owner)


def _settle(path: Path, mode: int, owner: Owner) -> None:
    # The folder around it may belong to a service user or tenant: a link put there must not lead root elsewhere.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        uid, gid = owner.ids()
        found = os.fstat(handle)
        if uid not in (-1, found.st_uid) or gid not in (-1, found.st_gid):
            os.fchown(handle, uid, gid)
        if os.fstat(handle).st_mode & 0o7777 != mode:
            os.fchmod(handle, mode)
    finally:
        os.close(handle)


def write_file(path: Path, text: str, mode: int = 0o600, owner: Owner = NOBODY) -> bool:
    """Replace *path* in one step and return whether its text changed; it is never seen with wider rights."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        _settle(path, mode, owner)
        return False
    write_atomically(path, text, mode, owner.ids())
    return True


def tail(path: Path, lines: int = 20, limit: int = 64 * 1024) -> str:
    """Return the last lines of a log file, or an empty text where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - limit))
        text = stream.read().decode("utf-8", errors="replace")
    return "\n".join(line[:LINE_LIMIT] for line in text.splitlines()[-lines:])
