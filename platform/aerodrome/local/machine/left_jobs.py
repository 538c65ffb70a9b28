"""Temporary folders of tenants' jobs whose keeper was killed: nobody else would ever remove them."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from aerodrome.local.machine import accounts
from aerodrome.local.machine.state import Layout

_PREFIX = "aerodrome-job-"


def clear(layout: Layout) -> None:
    """Remove those of this deployment's users; jobs that run, and other deployments' of other users, keep theirs."""
    owners = set(_owners(layout))
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid in owners and not _is_kept(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _owners(layout: Layout) -> Iterator[int]:
    if not layout.root:
        yield os.geteuid()
    for user in accounts.used_by(layout.name) if layout.root else ():
        with suppress(KeyError):
            yield pwd.getpwnam(user).pw_uid


def _is_kept(folder: Path) -> bool:
    keeper = folder.name.removeprefix(_PREFIX).partition("-")[0]
    return not keeper.isdigit() or psutil.pid_exists(int(keeper))
