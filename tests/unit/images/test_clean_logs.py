"""What keeps the volumes of logs from filling, as the platform's image has it."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from aerodrome.local.machine.deadline import wait_until

SCRIPT = Path(__file__).resolve().parents[3] / "platform/image/clean-logs"
LONG_AGO = time.time() - 20 * 86_400


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder with old files, a new one, and what the file system and what sends logs keep for themselves."""
    folder = tmp_path / "logs"
    for name in ("dag/run/old.log", "dag/run 2/old.log", "new.log", "lost+found/old", ".sender/sent.sqlite"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        if path.name != "new.log":
            os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


def clean(folder: Path) -> tuple[int, str]:
    """Let the script look at the logs in *folder* once; return exit code and complaints."""
    with subprocess.Popen(
        ["bash", SCRIPT], env={**os.environ, "AIRFLOW_HOME": str(folder)}, stderr=subprocess.PIPE, text=True
    ) as running:
        assert wait_until(lambda: sleeps(running.pid), 60)
        running.terminate()
        _, complaint = running.communicate(timeout=30)
    return running.returncode, complaint


def test_old_logs_and_empty_folders_go_and_nothing_else(logs: Path, tmp_path: Path) -> None:
    """Nothing is complained about, and when it is told to end nothing of it stays."""
    assert clean(tmp_path) == (0, "")
    left = sorted(str(path.relative_to(logs)) for path in logs.rglob("*") if path.is_file())
    assert left == [".sender/sent.sqlite", "lost+found/old", "new.log"] and not (logs / "dag").exists()


def test_the_folder_for_what_was_sent_stays_also_while_it_is_empty(logs: Path, tmp_path: Path) -> None:
    """It is mounted into the container that sends, which would write to nowhere."""
    (logs / ".sender/sent.sqlite").unlink()
    clean(tmp_path)
    assert (logs / ".sender").is_dir()


def sleeps(pid: int) -> bool:
    """Return whether the script waits for its next turn."""
    return any(child.name() == "sleep" for child in psutil.Process(pid).children())
