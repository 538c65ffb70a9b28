"""Gives a backup that is whole its name, and tells its size and digest: `… keep FILE`."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def keep(file: Path) -> dict[str, str | int]:
    """Return name, bytes and SHA-256 of the backup *file*, which is on the disk then; FileExistsError for a second."""
    part = file.with_name(f"{file.name}.part")
    with part.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        os.fsync(content.fileno())
    if file.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    part.rename(file)
    _sync(file.parent)
    return {"file": file.name, "bytes": file.stat().st_size, "sha256": digest}


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line of JSON; return 1, with the reason, where there is no such backup or one has its name."""
    (file,) = arguments if arguments is not None else sys.argv[1:]
    try:
        sys.stdout.write(json.dumps(keep(Path(file))) + "\n")
    except OSError as problem:
        sys.stderr.write(f"{file}: {problem.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
