"""Ctrl-C while Ansible works: passed on once, and counted when it has ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

# The child, whose folder is among its arguments, says how it was ended.
PROGRAM = """
import os, signal, subprocess, sys, time
from pathlib import Path
from aerodrome.clients.interruption import Interruption
child = [sys.executable, "-c", '''
import sys, time
try:
    print("waiting", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("ended cleanly", flush=True)
''', sys.argv[1]]
try:
    with Interruption(Path(sys.argv[1])) as interruption:
        # A terminal would interrupt both; ansible-runner's child is in a session of its own.
        process = subprocess.Popen(child, start_new_session=True)
        process.wait()
        print("twice:", interruption.again(), flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize(
    ("number", "code", "last"), [(signal.SIGINT, 0, "interrupted"), (signal.SIGTERM, 143, "twice: False")]
)
def test_the_child_ends_first(tmp_path: Path, number: int, code: int, last: str) -> None:
    """It is told once, ends what it does, and then the signal counts."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    lines = process.stdout.read().splitlines()
    assert process.wait() == code and lines[0] == "ended cleanly" and lines[-1] == last
