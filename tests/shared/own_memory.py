"""The memory of the process that runs the tests: the most that it held over some lines."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def frugal(megabytes: int) -> Iterator[None]:
    """Raise AssertionError where the process held *megabytes* more at any time than at first."""
    gc.collect()
    # The highest figure is counted from here: one from earlier would hide what comes.
    Path("/proc/self/clear_refs").write_text("5")
    before = kilobytes("VmRSS")
    yield
    more = (kilobytes("VmHWM") - before) / 1024
    assert more < megabytes, f"{more:.0f} MB more were held at a time, of {megabytes} MB"


def kilobytes(what: str) -> int:
    """Return a figure of this process's memory, as the system names it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))
