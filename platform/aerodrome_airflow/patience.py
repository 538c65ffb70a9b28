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

_SERVER_ERROR = 500


class Silence:
    """How long the API has answered nothing to this process: over all requests, for one waits for the other."""

    def __init__(self, seconds: float, longest_attempt: float) -> None:
        self._seconds, self._attempt = seconds, longest_attempt
        self._since: float | None = None

    def is_over(self, attempt: Any) -> bool:
        """Return whether another attempt of a request, of which *attempt* has just failed, could end too late."""
        if self._since is None:
            self._since = attempt.start_time
        silent = time.monotonic() - self._since
        return bool(silent + attempt.upcoming_sleep + self._attempt > self._seconds)

    def note(self, status: int) -> None:
        """Take it that the API answered with *status*."""
        if status < _SERVER_ERROR:
            self._since = None


def install() -> None:
    """Have the tasks of this process and its children wait for `[aerodrome] patience` seconds; 0: as Airflow does."""
    seconds = conf.getfloat("aerodrome", "patience", fallback=0.0)
    if seconds:
        have_patience(seconds, conf.getfloat("workers", "execution_api_timeout"))


def have_patience(seconds: float, longest_attempt: float) -> None:
    """Try requests again while nothing was answered for *seconds*, in which an attempt that is begun also ends.

    A task that has had no heartbeat taken for so long is ended.
    """
    silence = Silence(seconds, longest_attempt)
    Client.request.retry.stop = silence.is_over
    counted, answered = ActivitySubprocess._handle_heartbeat_failures, Client._update_auth

    def handled(self: Any, problem: Exception) -> None:
        counted(self, problem)
        if time.monotonic() - self._last_successful_heartbeat >= seconds:
            self.kill(signal.SIGTERM, force=True)

    def noted(self: Any, response: Any) -> None:
        silence.note(response.status_code)
        answered(self, response)

    ActivitySubprocess._handle_heartbeat_failures = handled  # type: ignore[method-assign, assignment]
    Client._update_auth = noted  # type: ignore[method-assign]
