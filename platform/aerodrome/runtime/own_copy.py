"""A tenant's folder as another user may have it: a fresh copy, with a home beside it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import UserError
from aerodrome.manifest.folder import IGNORED
from aerodrome.runtime.sealing import Owner

# uv looks for settings in every folder above, and in the one for temporary files everybody can leave some.
_OUTERMOST = "[tool.uv.workspace]\nmembers = []\n"


@dataclass(frozen=True)
class Desk:
    """A tenant's folder to work in, and a home for whoever does."""

    folder: Path
    home: Path


@contextmanager
def own_copy(folder: Path, owner: Owner | None) -> Iterator[Desk]:
    """Give a copy of *folder* and an empty home, both the owner's and nobody else's, gone after the block.

    The repository may lie where the owner cannot enter, and must not be changed by what it runs.
    """
    place = Path(tempfile.mkdtemp(prefix="aerodrome-tenant-", dir=_open_place() if owner else None))
    try:
        # A name that no tenant has.
        desk = Desk(place / folder.name, place / ".home")
        shutil.copytree(folder, desk.folder, symlinks=True, ignore=_ignored)
        desk.home.mkdir()
        (place / "pyproject.toml").write_text(_OUTERMOST, encoding="utf-8")
        hand_over(place, owner)
        yield desk
    finally:
        shutil.rmtree(place, ignore_errors=True)


def hand_over(folder: Path, owner: Owner | None) -> None:
    """Give *folder*, which *owner* cannot enter yet, with all that is in it to *owner*."""
    # Itself last: who could enter would put links in the place of folders that are handed over.
    for path in [*folder.rglob("*"), folder]:
        if owner:
            os.chown(path, owner.uid, owner.gid, follow_symlinks=False)


def is_open(path: Path) -> bool:
    """Return whether every user can reach *path*."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _open_place() -> Path:
    place = Path(tempfile.gettempdir())
    if not is_open(place / "any"):
        raise UserError(f"TMPDIR={place} is closed to other users", "unset TMPDIR, or set it to /var/tmp")
    return place


def _ignored(folder: str, names: list[str]) -> set[str]:
    paths = [Path(folder, name) for name in names]
    odd = {path.name for path in paths if not (path.is_symlink() or path.is_dir() or path.is_file())}
    return odd | (IGNORED & set(names))
