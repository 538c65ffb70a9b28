"""Who is to stand back does, with all that is started meanwhile."""

from __future__ import annotations

import subprocess
from pathlib import Path
from uuid import uuid4

from fleet.standing_back import Place


def _groups() -> str:
    """Return the control groups of a process in a session of its own."""
    told = subprocess.run(
        ["cat", "/proc/self/cgroup"], capture_output=True, text=True, check=True, start_new_session=True
    )
    return told.stdout


def test_what_is_started_meanwhile_stands_back_too() -> None:
    """Afterwards nothing is left of it."""
    name = f"test-{uuid4().hex[:8]}"
    place, before = Place(name, 512), _groups()
    with place.standing_back():
        assert (name in _groups()) is place.has_effect
    assert _groups() == before
    assert not list(Path("/sys/fs/cgroup").glob(f"**/*{name}*"))
