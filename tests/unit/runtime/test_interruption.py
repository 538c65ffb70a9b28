"""Ctrl-C and SIGTERM end a command within seconds, and nothing that it started outlives it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from aerodrome.runtime import Workshop

MakeTenant = Callable[..., Path]
LOCK = f"iniconfig==2.3.0 --hash=sha256:{'0' * 64}\n"
# SIGTERM becomes an exception, as in the command line.
_BUILD = """
import signal, sys; from pathlib import Path
from aerodrome.runtime import Tools, Workshop, build_all, read_source
from aerodrome.runtime.uv import find_uv
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
sources = [read_source(Path(folder)) for folder in sys.argv[2:]]
build_all(sources, Workshop(Path(sys.argv[1]), Tools(Path(sys.executable), find_uv())))
"""
_TEST = """
import sys; from pathlib import Path
from aerodrome.runtime import Tools, Workshop, run_tests
from aerodrome.runtime.uv import find_uv
shop = Workshop(Path(sys.argv[1]), Tools(Path(sys.executable), find_uv()))
run_tests(Path(sys.argv[2]), None, shop, lambda line: print(line, flush=True))
"""
WAITS = """
import subprocess, pathlib, time
def test_it():
    pathlib.Path({place!r}).write_text(str(subprocess.Popen(["sleep", "600"]).pid))
    time.sleep(600)
"""


def within(seconds: float, happened: Callable[[], object]) -> bool:
    """Return whether it happened in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.05)
    return False


def runs(pid: int) -> bool:
    """Return whether the process is more than a dead one that nobody collected."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def waiting(process: subprocess.Popen[str], server: socket.socket) -> list[int]:
    """Return the pids of the uv processes below *process* that are connected to *server*."""
    port, found = server.getsockname()[1], []
    for child in psutil.Process(process.pid).children(recursive=True):
        # Others come and go meanwhile.
        with suppress(psutil.Error):
            if child.name() == "uv" and any(
                c.raddr and c.raddr.port == port for c in child.net_connections()
            ):
                found.append(child.pid)
    return found


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command, and let it not outlive the test."""
    process = subprocess.Popen(
        [sys.executable, "-c", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_builds_that_wait_for_an_index_are_ended(
    make_tenant: MakeTenant, workshop: Workshop, silent_index: socket.socket, number: int
) -> None:
    """Every uv has a session of its own and hears no Ctrl-C: the command ends them all."""
    folders = [make_tenant(name, lock=LOCK) for name in ("one", "two", "three", "four", "five")]
    with started(_BUILD, str(workshop.into), *map(str, folders)) as process:
        assert within(60, lambda: len(waiting(process, silent_index)) > 1)
        pids, sent = waiting(process, silent_index), time.monotonic()
        process.send_signal(number)
        process.wait(20)
    assert process.returncode == (143 if number == signal.SIGTERM else -signal.SIGINT)
    assert time.monotonic() - sent < 10 and not [pid for pid in pids if runs(pid)]
    assert not list(workshop.into.glob("*/**/.building-*"))


def test_ctrl_c_ends_a_tenants_tests_with_all_they_started(
    make_tenant: MakeTenant, workshop: Workshop, tmp_path: Path
) -> None:
    """pytest says where it was, and what it started does not stay."""
    folder, note = make_tenant(), tmp_path / "pid"
    (folder / "tests").mkdir()
    (folder / "tests" / "test_it.py").write_text(WAITS.format(place=str(note)))
    with started(_TEST, str(workshop.into), str(folder)) as process:
        assert within(60, lambda: note.exists() and note.read_text())
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in said and process.returncode == -signal.SIGINT
    assert within(5, lambda: not runs(int(note.read_text())))
