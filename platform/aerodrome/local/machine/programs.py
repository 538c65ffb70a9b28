"""Running other programs to their end, which comes in any case."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aerodrome.errors import AerodromeError


def run(
    command: Sequence[str | Path], what: str, seconds: float, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Return how *command* ended, with what it wrote; AerodromeError calls it *what* where it takes longer.

    *options* are those of `subprocess.Popen`, and `input`, a text. Where it is ended, all that it started is as well.
    """
    text: str | None = options.pop("input", None)
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    given = subprocess.DEVNULL if text is None else subprocess.PIPE
    with subprocess.Popen(command, stdin=given, process_group=0, **pipes, **options) as process:
        try:
            out, errors = process.communicate(text, timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            raise AerodromeError(
                f"{what} did not end within {seconds:.0f} s and was ended",
                "is the machine overloaded, its disk full or its network gone? The command may be repeated.",
            ) from None
        except BaseException:
            _end(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


def _end(process: subprocess.Popen[str]) -> None:
    # Its own processes would go on for ever: those that compile wait for work that nobody gives them any more.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
