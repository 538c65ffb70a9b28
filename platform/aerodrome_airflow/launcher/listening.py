"""The Unix socket that a process serves: one process at a time, open to whom it names."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import os
import pwd
import socket
import stat
from pathlib import Path


class CannotStartError(Exception):
    """The process cannot serve; the text says why."""


def claim(path: Path, what: str) -> int:
    """Return the lock of the socket *path*; CannotStartError where another process, *what* it is, holds it."""
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotStartError(f"another {what} serves {path}") from None
    return lock


def listen(path: Path, backlog: int, owner: str | None = None, group: str | None = None) -> socket.socket:
    """Return the listening socket *path* of *owner*, open to *group* too, after removing one that was left."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise CannotStartError(f"{path} exists and is no socket")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(old)
    _open(path, owner, group)
    listener.listen(backlog)
    return listener


def _open(path: Path, owner: str | None, group: str | None) -> None:
    # Who of them may ask is the kernel's word on the peer; nobody else can even connect.
    if owner is not None:
        os.chown(path, pwd.getpwnam(owner).pw_uid, -1)
    if group is not None:
        os.chown(path, -1, grp.getgrnam(group).gr_gid)
        path.chmod(0o660)
