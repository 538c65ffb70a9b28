"""What a run of tests leaves behind where it is killed: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from fleet import whole_run

SERVER = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(600)"
# A run with a server in a session of its own, whose parent is gone; it waits until that is known to have begun.
RUN = """\
import os, subprocess, sys, time
if not os.fork():
    subprocess.Popen([sys.executable, "-c", sys.argv[1]])
    os._exit(0)
sys.stdin.readline()
"""
PROGRAM = "import sys; from fleet import whole_run; sys.exit(whole_run.ended(sys.argv[1:]))"
ENDS = {"killed": ("os.kill(os.getpid(), 9)", 137), "ended": ("sys.exit(3)", 3)}


def _begun(last: str) -> tuple[subprocess.Popen[str], int]:
    """Return a run that does *last* from now on, and the number of its server, which has begun."""
    run = [sys.executable, "-c", f"{RUN}{last}", SERVER]
    path = os.pathsep.join([str(Path(whole_run.__file__).parents[1]), *sys.path])
    whole = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *run],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert whole.stdin is not None and whole.stdout is not None
    server = int(whole.stdout.readline())
    print(file=whole.stdin, flush=True)
    return whole, server


@pytest.mark.parametrize("how", ENDS)
def test_servers_of_a_run_end_with_it(how: str) -> None:
    """Also where it could not end them."""
    last, code = ENDS[how]
    whole, server = _begun(last)
    assert whole.wait(timeout=60) == code and not psutil.pid_exists(server)


def test_a_run_that_is_told_to_end_is_interrupted() -> None:
    """So that its fixtures end what they have begun."""
    told = "try:\n    print('waits', flush=True)\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    sys.exit(7)"
    whole, server = _begun(told)
    assert whole.stdout is not None and whole.stdout.readline() == "waits\n"
    whole.send_signal(signal.SIGTERM)
    assert whole.wait(timeout=60) == 7 and not psutil.pid_exists(server)
