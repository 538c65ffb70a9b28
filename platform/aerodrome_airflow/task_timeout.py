"""A task's time limit ends it at any moment, while it writes a line of its log too.

Airflow's handler of the alarm writes a line of its own before it ends the task. Where the alarm comes while the task
holds the lock of its log, which nobody can take twice, both wait for ever: who prints without a pause would sleep on
past the limit, and keep the worker's slot.
"""

from __future__ import annotations

from typing import NoReturn

from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.sdk.execution_time.timeout import TimeoutPosix


def install() -> None:
    """Have the time limits of this process end their tasks without a line of their own; the error says it."""
    TimeoutPosix.handle_timeout = _end  # type: ignore[method-assign]


def _end(limit: TimeoutPosix, *_: object) -> NoReturn:
    raise AirflowTaskTimeout(limit.error_message)
