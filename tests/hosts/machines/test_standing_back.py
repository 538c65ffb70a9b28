"""Who is to stand back does, with all that is started meanwhile."""

from __future__ import annotations

import subprocess
from uuid import uuid4

import pytest
from fleet.standing_back import Place


def _groups() -> str:
    """Return the control groups of a process in a session of its own."""
    told = subprocess.run(
        ["cat", "/proc/self/cgroup"], capture_output=True, text=True, check=True, start_new_session=True
    )
    return told.stdout


def _in_none(groups: str) -> bool:
    """Return whether these are *groups* of a process that shares the processor with all others by itself."""
    lines = (line.split(":", 2) for line in groups.splitlines())
    paths = {controller: path for _, found, path in lines for controller in found.split(",")}
    return paths.get("cpu", paths.get("")) == "/"


@pytest.mark.usefixtures("gone_first")
def test_what_is_started_meanwhile_stands_back_too() -> None:
    """Where it is in no group that somebody chose for it. Afterwards nothing is left of it."""
    name = f"test-{uuid4().hex[:8]}"
    place, before = Place(name, 512), _groups()
    with place.standing_back():
        assert (name in _groups()) is bool(place.folders) is _in_none(before)
        assert all(one.is_dir() for one in place.folders)
    assert _groups() == before and not any(one.exists() for one in place.folders)
