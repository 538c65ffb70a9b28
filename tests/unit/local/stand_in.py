"""A small server that answers as Airflow's REST API does, and what a scheduler would make of its DAGs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
IMPORT_ERRORS = [{"filename": "b/x.py", "stack_trace": "no module y"}]


@dataclass
class Dag:
    """A DAG and what its run does: *ends* in a state, or stays; *task* is the state of its task until then."""

    ends: str | None = "success"
    task: str = "running"
    types: tuple[str, ...] = ("manual", "scheduled")
    paused: bool = False
    asks: dict[str, Any] | None = None
    produces: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    begins: bool = True
    time: datetime | None = None
    idle: bool = False
    runs: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Server:
    """What a scheduler and an API server know; a run ends when it is looked at for the second time."""

    dags: dict[str, Dag] = field(default_factory=dict)
    events: dict[str, datetime] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    fails: int = 0

    def start(self, dag_id: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        run = {
            "dag_id": dag_id,
            "dag_run_id": f"manual__{len(self.asked)}",
            "state": "running",
            "logical_date": (body or {}).get("logical_date"),
            "start_date": None,
            "end_date": None,
        }
        self.dags[dag_id].runs.insert(0, run)
        return run

    def look(self, dag: Dag) -> list[dict[str, Any]]:
        found = [dict(run) for run in dag.runs]
        if dag.runs and dag.runs[0]["state"] == "running" and dag.ends:
            times = {
                "start_date": BEGIN.isoformat(),
                "end_date": (BEGIN + timedelta(seconds=8.4)).isoformat(),
            }
            dag.runs[0] |= {"state": dag.ends, **times}
            self.after(dag)
        return found

    def after(self, dag: Dag) -> None:
        self.events |= dict.fromkeys(dag.produces, BEGIN + timedelta(days=1))
        for other in dag.triggers:
            self.start(other)
        for dag_id, other in self.dags.items():
            if other.asks and other.begins and not other.runs and self.come(other.asks):
                self.start(dag_id)

    def come(self, asks: dict[str, Any]) -> bool:
        names = [part["asset"]["name"] for part in asks.get("all") or asks["any"]]
        return (all if "all" in asks else any)(name in self.events for name in names)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Any:
        fixed: dict[str, Callable[[], Any]] = {
            "/api/v2/version": lambda: {"version": "3"},
            "/auth/token": lambda: {"access_token": "token"},
            "/api/v2/dags": lambda: page("dags", self.listed(query), query),
            "/api/v2/dags/~/dagVersions": lambda: page("dag_versions", [], query),
            "/api/v2/importErrors": lambda: page("import_errors", IMPORT_ERRORS, query),
            "/api/v2/assets": lambda: page("assets", self.assets(), query),
            "/api/v2/dags/~/dagRuns/list": lambda: self.newest(body),
            "/api/v2/dags/~/dagRuns/~/taskInstances": lambda: page(
                "task_instances", self.tasks(query["state"]), query
            ),
        }
        if path in fixed:
            return fixed[path]()
        found = re.fullmatch(r"/api/v2/dags/([^/]+)(/.*)?", path)
        return self.of_dag(method, found[1], found[2] or "", body) if found else None

    def of_dag(self, method: str, dag_id: str, rest: str, body: dict[str, Any]) -> Any:
        dag = self.dags[dag_id]
        if rest == "/dagRuns":
            return self.start(dag_id, body) if method == "POST" else {"dag_runs": self.look(dag)}
        return self.row(dag_id) | ({"asset_expression": dag.asks} if rest == "/details" else {})

    def newest(self, body: dict[str, Any]) -> Any:
        for dag_id, dag in self.dags.items():
            if dag.time and dag.time < datetime.now(UTC) and dag.begins and not dag.runs:
                self.start(dag_id)
        rows = [
            run for dag_id in body["dag_ids"] if dag_id in self.dags for run in self.look(self.dags[dag_id])
        ]
        rows = [run for run in rows if run["state"] in body.get("states", [run["state"]])]
        rows.sort(key=lambda run: -run.get("age", 0), reverse=True)
        return {"dag_runs": rows[: body["page_limit"]], "total_entries": len(rows)}

    def tasks(self, states: list[str]) -> list[dict[str, Any]]:
        runs = [run for dag in self.dags.values() for run in dag.runs if run["state"] == "running"]
        rows = [
            {"dag_id": run["dag_id"], "dag_run_id": run["dag_run_id"], "state": state}
            for run in runs
            for state in ("success", self.dags[run["dag_id"]].task)
        ]
        return [row for row in rows if row["state"] in states]

    def listed(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        if "dag_run_state" in query:
            return []
        idle = "dag_run_start_date_lt" in query
        return [self.row(dag_id) for dag_id, dag in self.dags.items() if dag.idle or not idle]

    def row(self, dag_id: str) -> dict[str, Any]:
        dag = self.dags[dag_id]
        time = dag.time and dag.time.isoformat()
        return {
            "dag_id": dag_id,
            "is_paused": dag.paused,
            "allowed_run_types": list(dag.types),
            "next_dagrun_run_after": time,
        }

    def assets(self) -> list[dict[str, Any]]:
        asks = {
            dag_id: {part["asset"]["name"] for part in next(iter(dag.asks.values()))}
            for dag_id, dag in self.dags.items()
            if dag.asks
        }
        return [
            {
                "name": name,
                "uri": name,
                "scheduled_dags": [
                    {"dag_id": dag_id, "created_at": BEGIN.isoformat()}
                    for dag_id in asks
                    if name in asks[dag_id]
                ],
                "last_asset_event": {"id": 1, "timestamp": self.events[name].isoformat()}
                if name in self.events
                else None,
            }
            for name in sorted(set().union(*asks.values()))
        ]


def page(key: str, rows: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
    """Return the part of *rows* that was asked for."""
    begin, size = int(query["offset"][0]), int(query["limit"][0])
    return {key: rows[begin : begin + size], "total_entries": len(rows)}


class Handler(BaseHTTPRequestHandler):
    """HTTP for the server's answers."""

    def do_GET(self) -> None:
        state: Server = self.server.state  # type: ignore[attr-defined]
        url = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        state.asked.append((self.command, unquote(url.path)))
        fails = state.fails > 0 and url.path != "/api/v2/version"
        state.fails -= fails
        asked = (self.command, unquote(url.path), parse_qs(url.query), json.loads(sent or "{}"))
        answer = None if fails else state.answer(*asked)
        body = json.dumps(answer).encode()
        self.send_response(500 if fails else 200 if answer is not None else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def serving() -> Iterator[tuple[Server, int]]:
    """Give the server's state and its port."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.state = Server()  # type: ignore[attr-defined]
    threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield listener.state, listener.server_port  # type: ignore[attr-defined]
    finally:
        listener.shutdown()
        listener.server_close()
