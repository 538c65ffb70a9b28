"""Where a task says that it runs: nothing that Airflow would make another address of, and nobody is asked there."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

FORGED = b'{"event": "forged by another"}\n'
LOG = "/api/v2/dags/alpha.daily/dagRuns/run_alpha/taskInstances/load/logs/1"
START = {"hostname": "worker-1.example.org", "unixname": "aerodrome-default", "pid": 17, "state": "running",
         "start_date": "2026-01-02T00:00:00Z"}  # fmt: skip
REFUSED = {
    "address of a file": {"hostname": "169.254.169.254/latest/meta-data?"},
    "another port": {"hostname": "127.0.0.1:8200"},
    "credentials": {"hostname": "me:secret@example.org"},
    "end of the line": {"hostname": "worker\nlog line"},
    "no text": {"hostname": ["worker"]},
    "nothing": {"hostname": ""},
    "a long one": {"hostname": "x" * 300},
    "a user with a line": {"unixname": "root\nroot"},
    "a process by name": {"pid": "17"},
}


def _start(server: Any, place: Any, body: dict[str, Any]) -> Any:
    alpha = place.things["alpha"]
    return server.task(alpha["token"], "PATCH", f"/task-instances/{alpha['task']}/run", json=body)


def _put(place: Any, state: str, hostname: str = "alpha") -> None:
    place.query(
        f"UPDATE task_instance SET state = '{state}', hostname = '{hostname}', pid = 1 "
        "WHERE dag_id = 'alpha.daily' AND task_id = 'load' RETURNING 1"
    )


@pytest.mark.parametrize("what", REFUSED)
def test_a_start_on_something_else_than_a_host_is_refused(place: Any, what: str) -> None:
    """The guard answers 403 before Airflow reads it."""
    assert _start(place.defended, place, START | REFUSED[what]).status_code == 403


def test_airflow_alone_takes_such_a_host(place: Any) -> None:
    """Without the guard it stands in the database, and an honest one passes with the guard."""
    try:
        _put(place, "queued")
        assert _start(place.undefended, place, START | REFUSED["another port"]).status_code == 200
        _put(place, "queued")
        assert _start(place.defended, place, START).status_code == 200
    finally:
        _put(place, "running")


@contextmanager
def _log_server() -> Iterator[tuple[int, list[str]]]:
    """Answer as the log server of a worker would, on a port of this machine; gives what was asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Authorization')}")
            self.send_response(200)
            self.send_header("Content-Length", str(len(FORGED)))
            self.end_headers()
            self.wfile.write(FORGED)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()


def test_logs_of_a_running_task_come_from_no_host(place: Any) -> None:
    """Airflow asks whoever listens where the task says it runs, and shows what it hears; this API server does not."""
    with _log_server() as (port, asked):
        _put(place, "running", f"127.0.0.1:{port}/x?")
        try:
            shown = place.defended.ask("boss", "GET", LOG).text
            assert "log of alpha" in shown and "forged" not in shown and asked == []
            undefended = place.undefended.ask("boss", "GET", LOG).text
            assert "forged by another" in undefended
            assert len(asked) == 1 and "None" not in asked[0]
        finally:
            _put(place, "running")
