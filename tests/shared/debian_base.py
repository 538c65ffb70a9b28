"""The files of a small Debian, made by mmdebstrap and packed by zstd."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

SUITE = "bookworm"
# mmdebstrap empties what apt has fetched unless it is told not to.
OPTIONS = ("--variant=minbase", "--format=tar", "--skip=cleanup/apt")


class BootstrapError(Exception):
    """mmdebstrap refuses; the text is the end of what it says."""


def base(kept: Path, options: Sequence[str], say: Callable[[str], None] = print) -> Path:
    """Return the tar.zst at *kept*, made first with the *options* of mmdebstrap where it is not there."""
    if not kept.exists():
        say(f"making {kept.name} with mmdebstrap: about a minute, once")
        unfinished = kept.with_suffix(f".{os.getpid()}")
        try:
            _make(unfinished, options)
            unfinished.replace(kept)
        finally:
            unfinished.unlink(missing_ok=True)
    return kept


def _make(target: Path, options: Sequence[str]) -> None:
    command = ["mmdebstrap", *OPTIONS, *options, SUITE, "-"]
    with target.open("wb") as out, tempfile.TemporaryFile("w+") as told:
        made = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told)
        packed = subprocess.run(["zstd", "-q", "-6", "-T0"], stdin=made.stdout, stdout=out, check=False)
        if made.wait() or packed.returncode:
            told.seek(0)
            raise BootstrapError(f"mmdebstrap failed:\n{told.read()[-2000:]}")
