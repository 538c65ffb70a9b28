"""A message about a task that is not to be started any more: it is dropped, and nothing is reported of it.

Airflow itself drops a second message about a task that runs. What a worker that died gave back comes late in other ways
too: the task has ended, was cleared, was queued anew, or its token is over. Reported as a failure, that would be one of
the attempt that goes on elsewhere, or of a task that is queued anew within minutes.
"""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import Any

import jwt
from airflow.sdk.api.client import ServerResponseError, TaskInstanceOperations
from airflow.sdk.exceptions import TaskAlreadyRunningError

log = logging.getLogger(__name__)
# The attempt is gone; it is in a state in which nobody may start it.
_NOT_TO_BE_STARTED = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.CONFLICT)


def install() -> None:
    """Have the worker of this process and its children drop such messages."""
    first = TaskInstanceOperations.start

    def start(self: TaskInstanceOperations, id: Any, pid: int, when: Any) -> Any:
        try:
            return first(self, id, pid, when)
        except ServerResponseError as refusal:
            why = _why_stale(refusal.response.status_code, self.client.auth)
            if not why:
                raise
            log.warning("task instance %s is not started: %s", id, why)
            # What Airflow's worker takes for a message that is to be dropped.
            raise TaskAlreadyRunningError(f"Task instance {id} is not started: {why}") from refusal

    TaskInstanceOperations.start = start  # type: ignore[method-assign]


def _why_stale(status: int, auth: Any) -> str:
    """Return why the message is to be dropped; empty where the refusal is to be reported."""
    if status in _NOT_TO_BE_STARTED:
        return "it is no attempt that waits"
    if status == HTTPStatus.FORBIDDEN and _is_over(str(getattr(auth, "token", ""))):
        return "its token is over; the scheduler queues it anew"
    return ""


def _is_over(token: str) -> bool:
    """Return whether *token* has ended; one that cannot be read was never good."""
    try:
        ends = jwt.decode(token, options={"verify_signature": False})["exp"]
    except (jwt.PyJWTError, KeyError):
        return False
    return float(ends) <= time.time()
