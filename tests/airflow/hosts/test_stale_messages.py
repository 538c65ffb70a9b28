"""A message that comes late, by Airflow's own worker and supervisor: dropped, or a failure."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
import pytest
from aerodrome_airflow import stale_messages
from airflow.sdk.api.client import TaskInstanceOperations

KEY = "of nobody, and long enough for what signs by it"
STATE = {"reason": "invalid_state", "message": "not in a state where it could be marked as running"}


@pytest.fixture(autouse=True)
def dropping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Airflow as a worker has it; afterwards as it was."""
    monkeypatch.setattr(TaskInstanceOperations, "start", TaskInstanceOperations.start)
    stale_messages.install()
    yield


@contextmanager
def refusing(status: int, detail: Any) -> Iterator[str]:
    """Give the address of an execution API that answers each start so."""

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = json.dumps({"detail": detail}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/execution/"
    finally:
        server.shutdown()
        server.server_close()


def message(seconds: int) -> str:
    """Return a message to a worker whose token is good for so many *seconds*."""
    names = {"task_id": "load", "dag_id": "routes.daily", "run_id": "r1", "try_number": 1, "map_index": -1}
    more = {"pool_slots": 1, "queue": "onprem", "priority_weight": 1, "dag_version_id": str(uuid4())}
    workload = {
        "type": "ExecuteTask",
        "token": jwt.encode({"exp": int(time.time()) + seconds}, KEY),
        "dag_rel_path": "routes/daily.py",
        "bundle_info": {"name": "bundle"},
        "log_path": None,
        "ti": {"id": str(uuid4()), **names, **more},
    }
    return json.dumps(workload)


def outcome(monkeypatch: pytest.MonkeyPatch, status: int, detail: Any, seconds: int = 600) -> str:
    """Return what Celery makes of a message whose start the API refuses."""
    from airflow.providers.celery.executors.celery_executor_utils import execute_workload

    with refusing(status, detail) as address:
        monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", address)
        return str(execute_workload.apply(args=[message(seconds)]).state)


@pytest.mark.parametrize("state", ["running", "success", "failed", "up_for_retry", "scheduled", None])
def test_a_task_that_is_in_no_queue_is_not_started_and_did_not_fail(
    monkeypatch: pytest.MonkeyPatch, state: str | None
) -> None:
    """Its attempt goes on or has ended; nobody hears of this one."""
    assert outcome(monkeypatch, 409, {**STATE, "previous_state": state}) == "IGNORED"


def test_an_attempt_that_is_gone_did_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody cleared it, or its run."""
    assert (
        outcome(monkeypatch, 404, {"reason": "not_found", "message": "Task Instance not found"}) == "IGNORED"
    )


@pytest.mark.parametrize(("seconds", "ended"), [(-60, "IGNORED"), (600, "FAILURE")])
def test_of_refused_tokens_only_one_that_is_over_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, seconds: int, ended: str
) -> None:
    """The scheduler queues its task anew, with another one; one that is good still is refused for a reason."""
    assert outcome(monkeypatch, 403, "Invalid auth token", seconds) == ended


def test_any_other_refusal_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """As before."""
    assert outcome(monkeypatch, 422, "what was sent makes no sense") == "FAILURE"
