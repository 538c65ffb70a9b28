"""One deploy at a time in one state folder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aerodrome.errors import AerodromeError


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file at *path* for the block; AerodromeError tells who holds it and since when.

    The kernel gives the lock back however its holder ends, so none is ever stale.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise AerodromeError(
                f"another command works on this platform: {_holder(stream.read())}", "wait for it, or end it"
            ) from None
        stream.truncate(0)
        stream.write(
            json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
        )
        stream.flush()
        yield


def _holder(text: str) -> str:
    try:
        found = json.loads(text)
        return f"process {found['pid']} since {found['since']}"
    except (ValueError, KeyError, TypeError):
        return "it just started"
