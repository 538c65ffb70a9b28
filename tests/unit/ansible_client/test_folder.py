"""The folder of a run: in memory, for one user alone, and gone however the run ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from aerodrome.clients import ansible_folder
from aerodrome.clients.ansible_folder import PREFIX, clear, memory, private_folder
from aerodrome.errors import AerodromeError

HOLDER = """
import time
from aerodrome.clients.ansible_folder import private_folder
with private_folder() as folder:
    (folder / "secret").write_text("s3cret")
    print(folder, flush=True)
    time.sleep(600)
"""


def test_it_is_in_memory_and_for_this_user_alone() -> None:
    """No other user can enter it, and no disk ever holds what is in it."""
    with private_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and folder.parent == memory()
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
        around = [mount for mount in mounts if folder.is_relative_to(mount[1])]
        assert max(around, key=lambda mount: len(mount[1]))[2] == "tmpfs"


def test_it_goes_when_the_run_fails() -> None:
    """And so does everything that is in it."""
    with pytest.raises(KeyboardInterrupt), private_folder() as folder:
        (folder / "inner").mkdir()
        raise KeyboardInterrupt
    assert not folder.exists()


def test_the_next_run_removes_what_a_killed_one_left() -> None:
    """Nobody else would: it was killed before it could."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    left = Path(process.stdout.readline().strip())
    with private_folder():
        assert (left / "secret").exists(), "it lives still"
    process.send_signal(signal.SIGKILL)
    process.wait()
    with private_folder():
        assert not left.exists()


def test_a_folder_that_is_just_being_made_is_left_alone(tmp_path: Path) -> None:
    """Between its making and its lock there is a moment."""
    young, old = tmp_path / f"{PREFIX}young", tmp_path / f"{PREFIX}old"
    for folder in (young, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    clear(tmp_path)
    assert young.exists() and not old.exists()


def test_nothing_is_followed_out_of_the_place(tmp_path: Path) -> None:
    """In a place that all may write to, a link may lead anywhere."""
    (tmp_path / "kept").mkdir()
    os.utime(tmp_path / "kept", (0, 0))
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "kept")
    clear(tmp_path)
    assert (tmp_path / "kept").exists()


def test_without_a_folder_in_memory_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said what is missing."""
    mounts = tmp_path / "mounts"
    mounts.write_text("disk / ext4 rw 0 0\n")
    monkeypatch.setattr(ansible_folder, "_MOUNTS", mounts)
    with pytest.raises(AerodromeError, match="no folder in memory"):
        memory()
