"""Programs in the place of both helms, so that nobody fetches the real ones."""

from __future__ import annotations

import shutil
from pathlib import Path

from aerodrome.helm_binaries import LOCK, PROGRAMS


def place_helms(folder: Path, script: str) -> None:
    """Have each helm in *folder* be the shell's *script*; to whoever fetches them they are those of the lock."""
    folder.mkdir(parents=True)
    shutil.copyfile(LOCK, folder / ".lock")
    for name in PROGRAMS:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
