"""The modules that Ansible has packed for hosts, kept between runs: to pack one takes a third of a second."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from aerodrome.clients.ansible_folder import memory

PREFIX = "aerodrome-modules-"
# Seconds: those of another commit, which somebody may be deploying just now.
_OLD = 24 * 3600


def variables(content: Path, plugins: str) -> dict[str, str]:
    """Return the variables by which Ansible, with callbacks in the folders *plugins*, shares modules of *content*.

    They are in memory, for this user alone, and hold nothing of what tasks say; none where that cannot be.
    """
    callbacks, kept = content / "callbacks", _kept(content)
    if kept is None or not callbacks.is_dir():
        return {}
    return {
        "ANSIBLE_CALLBACK_PLUGINS": f"{plugins}:{callbacks}" if plugins else str(callbacks),
        "ANSIBLE_CALLBACKS_ENABLED": "packed_modules",
        "AERODROME_PACKED_MODULES": str(kept),
    }


def _kept(content: Path) -> Path | None:
    """Return the folder for modules of *content*; None where somebody else has put something in its place."""
    place, own = memory(), f"{PREFIX}{os.geteuid()}-"
    folder = place / f"{own}{_digest(content)}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    for other in place.glob(f"{own}*"):
        if other != folder and _is_ours(other) and time.time() - other.stat().st_mtime > _OLD:
            shutil.rmtree(other, ignore_errors=True)
    return folder if _is_ours(folder) else None


def _is_ours(folder: Path) -> bool:
    """Return whether *folder* is one that nobody else can have written to."""
    found = folder.lstat()
    closed = not stat.S_IMODE(found.st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and closed


def _digest(content: Path) -> str:
    """Return the digest of everything that modules are packed from."""
    made = hashlib.sha256(f"{version('ansible-core')} {sys.version}".encode())
    for path in sorted(_sources(content)):
        text = path.read_bytes()
        made.update(f"{path.relative_to(content)}\0{len(text)}\0".encode() + text)
    return made.hexdigest()[:16]


def _sources(content: Path) -> Iterator[Path]:
    for name in ("library", "module_utils"):
        for folder in (content / name, *content.glob(f"roles/*/{name}")):
            yield from folder.rglob("*.py")
