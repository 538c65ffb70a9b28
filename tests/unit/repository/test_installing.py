"""Making .venv: Ctrl-C ends it in one line, and what it has left is made whole by the next call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from aerodrome.local.machine.deadline import wait_until

# They stand for Python, pip and uv, and are as slow as a slow network at the step that $SLOW names.
STEP = f"""#!/bin/bash
echo "$*" >> "$LOG"
step() {{ if [ "$SLOW" = "$1" ]; then touch "$LOG.$1"; {sys.executable} -c 'import time; time.sleep(600)'; fi; }}
"""
PYTHON = f"""{STEP}
case "$*" in
    "-m venv"*) rm -rf .venv; mkdir -p .venv/bin; step venv; cp "$0" .venv/bin/python;;
    "-m pip"*) echo half > .venv/bin/uv; step pip; rm .venv/bin/uv; cp "$(dirname "$LOG")/uv" .venv/bin/uv;;
esac
"""
UV = f"""{STEP}
case "$*" in "pip sync"*) step sync;; "pip install"*) step editable;; esac
"""


@dataclass
class Clone:
    """A clone with nothing but what installs it."""

    folder: Path
    started: list[int] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """What was called, line by line."""
        return self.folder / "log"

    def start(self, slow: str = "") -> subprocess.Popen[str]:
        """Start the installation, as in a terminal of its own."""
        self.log.write_text("")
        own = {"LOG": str(self.log), "SLOW": slow, "TMPDIR": str(self.folder / "tmp")}
        process = subprocess.Popen(
            # A shell that the tests are started from in the background has them ignore Ctrl-C.
            ["env", "--default-signal=INT", "bash", ".ci/install", self.folder / "python"],
            env={"PATH": os.defpath, **own},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process.pid)
        return process

    def syncs(self) -> list[str]:
        """Return how uv was asked to install the lock in the newest call."""
        return [line for line in self.log.read_text().splitlines() if line.startswith("pip sync")]


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Iterator[Clone]:
    """A clone without .venv; nothing that it started runs on, however the test ends."""
    for folder in (".ci", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".ci/install").write_text((repository / ".ci/install").read_text())
    for name, text in {"python": PYTHON, "uv": UV}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    clone = Clone(tmp_path)
    yield clone
    for session in clone.started:
        for left in members(session):
            left.kill()


def members(session: int) -> list[psutil.Process]:
    """Return the processes of *session* that live; a dead one that nobody collects is none."""
    found = []
    for process in psutil.process_iter(["status"]):
        with suppress(OSError):
            if os.getsid(process.pid) == session and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@pytest.mark.parametrize("step", ["venv", "pip", "sync", "editable"])
def test_an_interruption_is_one_line_and_mended_by_the_next_call(clone: Clone, step: str) -> None:
    """Nothing runs on, no temporary file stays, and what looks installed is installed again."""
    process = clone.start(step)
    assert wait_until(clone.log.with_name(f"log.{step}").exists, 20)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "interrupted: the next make goes on with .venv\n")
    assert members(process.pid) == [] and list((clone.folder / "tmp").iterdir()) == []
    assert not (clone.folder / ".venv/.installed").exists()
    again = clone.start()
    assert (again.wait(20), (clone.folder / ".venv/.installed").exists()) == (0, True)
    assert step == "venv" or "--reinstall" in clone.syncs()[0]


def test_a_killed_installation_is_mended_by_the_next_call(clone: Clone) -> None:
    """Though nobody could clear up."""
    process = clone.start("sync")
    assert wait_until(clone.log.with_name("log.sync").exists, 20)
    for member in members(process.pid):
        member.kill()
    process.communicate(timeout=20)
    assert clone.start().wait(20) == 0 and "--reinstall" in clone.syncs()[0]


def test_a_whole_environment_is_only_brought_up_to_date(clone: Clone) -> None:
    """What is installed stays, and Python is not asked again."""
    for _ in range(2):
        assert clone.start().wait(20) == 0
    assert "--reinstall" not in clone.syncs()[0] and "-m venv" not in clone.log.read_text()
    assert list((clone.folder / "tmp").iterdir()) == []
