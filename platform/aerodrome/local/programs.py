"""Running other programs to their end, which comes in any case."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aerodrome.errors import AerodromeError


def run(
    command: Sequence[str | Path], what: str, seconds: float, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Return how *command* ended, with what it wrote; AerodromeError calls it *what* where it takes longer.

    *options* are those of `subprocess.run`.
    """
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=seconds, **options
        )
    except subprocess.TimeoutExpired:
        raise AerodromeError(
            f"{what} did not end within {seconds:.0f} s and was ended",
            "is the machine overloaded, its disk full or its network gone? The command may be repeated.",
        ) from None
