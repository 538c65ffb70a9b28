"""pip of this interpreter, run to its end; why it failed is told in one line."""

from __future__ import annotations

import subprocess
import sys

from aerodrome.errors import AerodromeError

# What follows them tells where in pip it was.
_TOLD = 3


def run(*arguments: str, doing: str, remedy: str, seconds: int) -> None:
    """Run pip with *arguments* for *seconds* at most; AerodromeError, which begins with *doing*, where it fails."""
    command = (sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check")
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=seconds, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise AerodromeError(f"{doing}: not finished after {seconds} s", "try again") from None
    if done.returncode:
        raise AerodromeError(f"{doing}: {_why(done.stderr)}", remedy)


def _why(said: str) -> str:
    lines = said.splitlines()
    told = [line.removeprefix("ERROR: ") for line in lines if "ERROR" in line][:_TOLD] or lines[-_TOLD:]
    return " ".join(told) or "pip said nothing"
