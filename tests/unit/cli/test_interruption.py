"""Ctrl-C before a command has begun: the program loads, and somebody changes their mind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

# The signal comes while this module is looked for, as it would from a terminal at that moment.
PROGRAM = """
import os, signal, sys

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

class Destroyed:
    def __del__(self):
        interrupt()

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["MODULE"]:
            sys.meta_path.remove(self)
            {"directly": interrupt, "in a destructor": Destroyed}[os.environ["HOW"]]()

sys.meta_path.insert(0, Interrupting())
from aerodrome.cli import main
main()
"""
LOADED = ("aerodrome.cli.program", "typer", "aerodrome.errors", "aerodrome.cli.tenant", "rich.console",
          "aerodrome.reference", "common_plugins.catalogue")  # fmt: skip


@pytest.mark.parametrize("how", ["directly", "in a destructor"])
@pytest.mark.parametrize("module", LOADED)
def test_ctrl_c_while_the_program_loads_ends_it(module: str, how: str) -> None:
    """Exit code 130, one word and no traceback; also where Python drops what is raised."""
    command = [sys.executable, "-c", PROGRAM, "operators"]
    environment = {**os.environ, "MODULE": module, "HOW": how}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr in ("interrupted\n", "")


def test_nothing_is_loaded_before_ctrl_c_is_heard() -> None:
    """What the program's first module imports takes a few milliseconds at most."""
    command = [
        sys.executable,
        "-c",
        "import sys; before = set(sys.modules); import aerodrome.cli; print(*set(sys.modules) - before)",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"aerodrome", "aerodrome.cli", "__future__"}


def test_ctrl_c_at_any_time_leaves_no_traceback() -> None:
    """From the moment at which the interpreter itself is up."""
    for tenths in range(1, 8):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "print('up', flush=True); from aerodrome.cli import main; main()",
                "operators",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout and process.stdout.readline() == "up\n"
        time.sleep(tenths / 50)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
        assert process.returncode in (0, 130) and "Traceback" not in errors, errors
