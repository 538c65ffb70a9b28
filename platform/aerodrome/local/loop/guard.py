"""Ends the launcher of one run, and removes its folder, when the command that runs it ends: however that happens.

python -m aerodrome.local.loop.guard FOLDER FILE COMMAND…: the launcher's command, the folder and file that go with it.
Its standard input is a pipe that only the guarded command holds open. Standard library only: it starts at once.
"""

from __future__ import annotations

import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 30
_LOOK = 0.2


def main(arguments: list[str]) -> int:
    """Return the launcher's exit code, or 0 where it was ended because its time was over."""
    folder, file, *command = arguments
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # It ends with the command that it guards, not before. A handler, because what is ignored is inherited.
        signal.signal(number, lambda *_: None)
    try:
        launcher = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        while launcher.poll() is None and not _alone():
            pass
        return _end(launcher)
    finally:
        Path(file).unlink(missing_ok=True)
        _remove(Path(folder))


def _alone() -> bool:
    # Nobody writes to the pipe: it is readable when its last holder is gone.
    return bool(select.select([sys.stdin], [], [], _LOOK)[0])


def _end(launcher: subprocess.Popen[bytes]) -> int:
    if launcher.poll() is not None:
        return launcher.returncode
    launcher.terminate()
    try:
        launcher.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        launcher.kill()
        launcher.wait()
    return 0


def _remove(folder: Path) -> None:
    # A process of the run that ends at the same time may still have written something.
    end = time.monotonic() + PATIENCE
    while folder.exists() and time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(_LOOK if folder.exists() else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
