"""Files that a tenant may read and nobody but root may change."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import AerodromeError
from aerodrome.runtime.children import Account


@dataclass(frozen=True)
class Owner:
    """A tenant's operating system user, who builds its environment and then may only read it."""

    uid: int
    gid: int

    @property
    def account(self) -> Account:
        """Return the user to build as."""
        return Account(self.uid, self.gid)


ROOT = Owner(0, 0)


def give(folder: Path, owner: Owner | None) -> None:
    """Hand *folder*, not its content, to *owner*, who alone may enter it."""
    folder.chmod(0o700)
    if owner:
        os.chown(folder, owner.uid, owner.gid)


def seal(folder: Path, owner: Owner | None) -> None:
    """Take everything in *folder* from *owner*: root's, readable by the owner's group and by nobody else.

    A hostile program may have written the files, and may still be writing: no link is followed, and
    each folder is taken before its content is read. Without an owner only the rights of *folder* are set.
    """
    if owner is None:
        folder.chmod(0o750)
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _seal_folder(descriptor, owner)
    finally:
        os.close(descriptor)


def link_tree(source: Path, target: Path, owner: Owner | None) -> None:
    """Make *target* a copy of *source* whose files are hard links and whose folders belong to *owner*."""
    shutil.copytree(source, target, symlinks=True, copy_function=_link)
    if owner:
        for folder, _, _ in os.walk(target):
            os.chown(folder, owner.uid, owner.gid)


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        # Another disk, a file system without hard links, or one link too many.
        shutil.copy2(source, target)
        found = Path(source).stat()
        os.chown(target, found.st_uid, found.st_gid)


def _seal_folder(descriptor: int, owner: Owner) -> None:
    os.fchown(descriptor, 0, owner.gid)
    os.fchmod(descriptor, 0o750)
    with os.scandir(descriptor) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        _seal_entry(descriptor, name, owner)


def _seal_entry(parent: int, name: str, owner: Owner) -> None:
    found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        os.chown(name, 0, owner.gid, dir_fd=parent, follow_symlinks=False)
        return
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
    try:
        _seal_open(descriptor, name, owner)
    finally:
        os.close(descriptor)


def _seal_open(descriptor: int, name: str, owner: Owner) -> None:
    found = os.fstat(descriptor)
    if stat.S_ISDIR(found.st_mode):
        _seal_folder(descriptor, owner)
    elif not stat.S_ISREG(found.st_mode) or found.st_uid not in (0, owner.uid):
        raise AerodromeError(f"a build left {name!r}, which is neither a file of its user nor of root")
    elif found.st_uid == owner.uid:
        os.fchown(descriptor, 0, owner.gid)
        os.fchmod(descriptor, 0o750 if found.st_mode & 0o100 else 0o640)
