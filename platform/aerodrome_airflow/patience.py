"""How long a task goes on while its worker reaches no execution API: a time, and not a number of attempts.

Airflow counts: attempts of a request, whose pauses are random, and heartbeats that failed, each with all its attempts.
So a network that refuses at once would end a task early, and one that swallows everything hours after the scheduler
has given it to another worker.
"""

from __future__ import annotations

import signal
import time
from typing import Any

from airflow.configuration import conf
from airflow.sdk.api.client import Client
from airflow.sdk.execution_time.supervisor import ActivitySubprocess
from tenacity import stop_after_delay


def install() -> None:
    """Have the tasks of this process and its children wait for `[aerodrome] patience` seconds; 0: as Airflow does."""
    seconds = conf.getfloat("aerodrome", "patience", fallback=0.0)
    if seconds:
        have_patience(seconds)


def have_patience(seconds: float) -> None:
    """Try requests again for *seconds*, and end a task that has had no heartbeat taken for so long."""
    Client.request.retry.stop = stop_after_delay(seconds)
    counted = ActivitySubprocess._handle_heartbeat_failures

    def handled(self: Any, problem: Exception) -> None:
        counted(self, problem)
        if time.monotonic() - self._last_successful_heartbeat >= seconds:
            self.kill(signal.SIGTERM, force=True)

    ActivitySubprocess._handle_heartbeat_failures = handled  # type: ignore[method-assign, assignment]
