"""A small server that answers as an API server does for the canary; it may be away at every other request."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

QUEUES = ("default", "pii")
_DAG = "/api/v2/dags/platform.canary"


@dataclass
class Server:
    """Where it listens, how it refuses, and how often it was asked."""

    url: str = ""
    away: str = ""
    always: bool = False
    asked: int = 0
    log: tuple[str, ...] = ()
    answers_logs: bool = True
    tasks: list[dict[str, str]] = field(default_factory=lambda: [task(queue) for queue in QUEUES])

    def answer(self, path: str, change: dict[str, str]) -> dict[str, Any]:
        if path == "/auth/token":
            return {"access_token": "token"}
        if path == f"{_DAG}/tasks":
            return {"tasks": self.tasks}
        if "/logs/" in path:
            lines = ("::group::Log message source details", "::endgroup::", *self.log)
            return {"content": [{"event": line} for line in lines]}
        for row in self.tasks:
            if path.endswith(f"/taskInstances/{row['task_id']}"):
                row["state"] = change["new_state"]
        rows = {"task_instances": self.tasks, "total_entries": len(self.tasks)}
        return rows if path.endswith("/taskInstances") else {"dag_run_id": "run"}


def task(queue: str, state: str = "success") -> dict[str, str]:
    """Return the row of the canary's task on *queue*."""
    return {"task_id": f"on_{queue}", "queue": queue, "state": state, "hostname": "w"}


@contextmanager
def serving(away: str = "", *, always: bool = False) -> Iterator[Server]:
    """Give a server that is *away* every other time, or *always*: `503`, or `cut` (the connection ends).

    One that is not *away* answers each time.
    """
    state = Server(away=away, always=always)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked += 1
            refused = state.away and (state.always or state.asked % 2)
            refused = refused or ("/logs/" in self.path and not state.answers_logs)
            if refused and state.away == "cut":
                return
            answer = {} if refused else state.answer(self.path.partition("?")[0], json.loads(sent or b"{}"))
            body = b"busy" if refused else json.dumps(answer).encode()
            self.send_response(503 if refused else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_GET  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    state.url = f"http://127.0.0.1:{listener.server_port}"
    try:
        yield state
    finally:
        listener.shutdown()
        listener.server_close()
