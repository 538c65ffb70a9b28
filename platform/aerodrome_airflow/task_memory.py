"""What the process of a task may take of the worker's memory: each task has one of its own, forked for it."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

from airflow.sdk.exceptions import AirflowFailException

ALLOWANCE = 1024**3
"""Bytes beyond what Airflow holds when the task begins; the largest chart takes 600 MiB.

The tenant's own code is not in this process.
"""
# The tenants' jobs have 500 and go before it.
_BEFORE_THE_PLATFORM = "300"


def confine() -> None:
    """Let this process take ALLOWANCE more than it holds."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = _held() + ALLOWANCE
    resource.setrlimit(
        resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
    )


def go_first() -> None:
    """Have this process and those it starts end before the platform's others where the machine's memory runs out.

    Before Airflow shields its processes from each other: then they may no longer say this of themselves.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_BEFORE_THE_PLATFORM, encoding="ascii")


def _held() -> int:
    """Return the bytes that RLIMIT_DATA counts now."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn running out of memory into an error that says what to do; another attempt would end the same."""
    try:
        yield
    except MemoryError:
        raise AirflowFailException(
            f"the task needs more than {ALLOWANCE // 1024**3} GiB of the worker's memory: let the database "
            "aggregate, write large results to a table or file, or do it in python.call"
        ) from None
