"""The first run of each DAG, against a small server that answers as Airflow's REST API does."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError
from aerodrome.local.asset_schedule import is_due
from aerodrome.local.first_runs import DagRow, FirstRuns, Patience, newest_runs, run_new_dags, wait_visible

PATIENT = Patience(runs=20, due=20, rests=0.3, look=0.02)
HASTY = Patience(runs=0.6, due=0.6, rests=0.3, look=0.02)
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


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
    runs: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Server:
    """What a scheduler and an API server know; a run ends when it is looked at for the second time."""

    dags: dict[str, Dag] = field(default_factory=dict)
    events: dict[str, datetime] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def start(self, dag_id: str, state: str = "running") -> dict[str, Any]:
        run = {
            "dag_run_id": f"manual__{len(self.asked)}",
            "state": state,
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

    def answer(self, method: str, path: str, query: dict[str, list[str]]) -> Any:
        if path == "/auth/token":
            return {"access_token": "token"}
        if path == "/api/v2/dags":
            rows = [self.row(dag_id) for dag_id in self.dags]
            return {"dags": rows, "total_entries": len(rows)}
        if path == "/api/v2/importErrors":
            return {
                "import_errors": [{"filename": "b/x.py", "stack_trace": "no module y"}],
                "total_entries": 1,
            }
        if path == "/api/v2/assets":
            return self.assets(query["dag_ids"][0])
        found = re.fullmatch(r"/api/v2/dags/([^/]+)(/.*)?", path)
        return self.of_dag(method, found[1], found[2] or "") if found else None

    def of_dag(self, method: str, dag_id: str, rest: str) -> Any:
        dag = self.dags[dag_id]
        if rest.endswith("/taskInstances"):
            rows = [{"state": "success"}, {"state": dag.task}, {"state": None}]
            return {"task_instances": rows, "total_entries": len(rows)}
        if rest == "/dagRuns":
            return self.start(dag_id) if method == "POST" else {"dag_runs": self.look(dag)}
        return self.row(dag_id) | ({"asset_expression": dag.asks} if rest == "/details" else {})

    def row(self, dag_id: str) -> dict[str, Any]:
        dag = self.dags[dag_id]
        return {"dag_id": dag_id, "is_paused": dag.paused, "allowed_run_types": list(dag.types)}

    def assets(self, dag_id: str) -> Any:
        names = [part["asset"]["name"] for part in next(iter((self.dags[dag_id].asks or {"": []}).values()))]
        rows = [
            {
                "name": name,
                "uri": name,
                "scheduled_dags": [{"dag_id": dag_id, "created_at": BEGIN.isoformat()}],
                "last_asset_event": {"id": 1, "timestamp": self.events[name].isoformat()}
                if name in self.events
                else None,
            }
            for name in names
        ]
        return {"assets": rows, "total_entries": len(rows)}


class Handler(BaseHTTPRequestHandler):
    """HTTP for the server's answers."""

    def do_GET(self) -> None:
        state: Server = self.server.state  # type: ignore[attr-defined]
        url = urlsplit(self.path)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        state.asked.append((self.command, unquote(url.path)))
        answer = state.answer(self.command, unquote(url.path), parse_qs(url.query))
        body = json.dumps(answer).encode()
        self.send_response(200 if answer is not None else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[tuple[Server, Airflow]]:
    """The server's state and the deploy's access to it."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.state = Server()  # type: ignore[attr-defined]
    threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield listener.state, Airflow(f"http://127.0.0.1:{listener.server_port}", "admin", "secret")  # type: ignore[attr-defined]
    listener.shutdown()
    listener.server_close()


Run = Callable[..., tuple[FirstRuns, list[str]]]


@pytest.fixture
def first(server: tuple[Server, Airflow]) -> Run:
    """Give the server these DAGs and return what `run_new_dags` finds and says."""

    def run(patience: Patience = PATIENT, **dags: Dag) -> tuple[FirstRuns, list[str]]:
        server[0].dags |= {f"a.{name}": dag for name, dag in dags.items()}
        said: list[str] = []
        return run_new_dags(server[1], list(server[0].dags), said.append, patience), said

    return run


def assets(kind: str, *names: str) -> dict[str, Any]:
    """Return an asset expression as Airflow writes it."""
    return {kind: [{"asset": {"name": name, "uri": name, "group": "asset"}} for name in names]}


def on(kind: str, *names: str, **more: Any) -> Dag:
    """Return a DAG that these assets start."""
    return Dag(types=("asset_triggered", "manual"), asks=assets(kind, *names), **more)


def test_a_dag_that_never_ran_runs_once(first: Run, server: tuple[Server, Airflow]) -> None:
    """It is started once and seen to its end; one that ran before is left alone."""
    ran = Dag(runs=[{"dag_run_id": "x", "state": "failed", "start_date": None, "end_date": None}])
    found, said = first(new=Dag(), ran=ran)
    assert found == FirstRuns() and said == ["first run of a.new", "a.new: success"]
    assert [path for method, path in server[0].asked if method == "POST"] == [
        "/auth/token",
        "/api/v2/dags/a.new/dagRuns",
    ]


def test_a_run_that_another_deploy_started_is_not_started_again(first: Run) -> None:
    """It is waited for."""
    begun = {"dag_run_id": "x", "state": "running", "start_date": None, "end_date": None}
    dag = Dag(runs=[begun])
    assert first(new=dag)[0] == FirstRuns() and len(dag.runs) == 1


def test_a_failed_run_is_told(first: Run) -> None:
    """With the others' success."""
    found, said = first(bad=Dag(ends="failed"), good=Dag())
    assert found == FirstRuns(failed=("a.bad",)) and said[1:] == ["a.bad: failed", "a.good: success"]


def test_a_run_that_does_not_end_is_overdue(first: Run) -> None:
    """It is no success, and the others have been waited for."""
    found, said = first(HASTY, slow=Dag(ends=None), good=Dag())
    assert found == FirstRuns(overdue=("a.slow",)) and said[-1] == "a.slow: should have ended by now"


def test_what_data_starts_is_waited_for(first: Run) -> None:
    """Also when what it produces starts another."""
    found, said = first(
        last=on("any", "y"),
        middle=on("all", "x", "w", produces=("y",)),
        one=Dag(produces=("x",)),
        two=Dag(produces=("w",)),
    )
    assert found == FirstRuns() and said[-2:] == ["a.middle: success", "a.last: success"]


@pytest.mark.parametrize("asks", [("all", "x", "w"), ("any", "x", "v")])
def test_a_dag_whose_data_is_there_must_begin(first: Run, asks: tuple[str, ...]) -> None:
    """Its producers succeeded: that it has not begun is a fault."""
    found, said = first(HASTY, report=on(*asks, begins=False), one=Dag(produces=("x", "w")))
    assert found == FirstRuns(overdue=("a.report",))
    assert said[-1] == "a.report: should have begun by now: the data that starts it is there"


def test_a_dag_whose_data_has_not_come_is_left_open(first: Run) -> None:
    """A producer is elsewhere, or it failed: the failure is told, not its consequence."""
    found, said = first(
        outside=on("all", "x", "elsewhere"),
        after=on("any", "z"),
        one=Dag(produces=("x",)),
        bad=Dag(ends="failed"),
    )
    assert found == FirstRuns(failed=("a.bad",), open=("a.after", "a.outside"))
    assert said[-1] == "a.outside: nothing has started it yet"


def test_a_dag_that_another_starts_is_waited_for(first: Run) -> None:
    """One that nobody started, because a branch went the other way, is left open at once."""
    started, idle = Dag(types=("operator_triggered",)), Dag(types=("operator_triggered", "manual"))
    found, said = first(started=started, idle=idle, starter=Dag(triggers=("a.started",)))
    assert found == FirstRuns(open=("a.idle",)) and "a.started: success" in said
    assert idle.runs == [] and len(started.runs) == 1


def test_a_paused_dag_is_only_noted(first: Run) -> None:
    """Neither started by hand nor expected to begin."""
    found, said = first(
        off=Dag(paused=True), report=on("all", "x", paused=True, begins=False), one=Dag(produces=("x",))
    )
    assert found == FirstRuns(open=("a.off", "a.report")) and said[-2:] == [
        "a.off: is paused",
        "a.report: is paused",
    ]


@pytest.mark.parametrize("task", ["deferred", "up_for_reschedule"])
def test_a_run_that_waits_for_something_outside_is_left_open(first: Run, task: str) -> None:
    """Its sensor may wait for days; nobody is to blame."""
    found, said = first(sensor=Dag(ends=None, task=task))
    assert found == FirstRuns(open=("a.sensor",)) and said[-1] == "a.sensor: waits for something outside"


def test_data_from_before_a_dag_was_known_does_not_start_it(server: tuple[Server, Airflow]) -> None:
    """Airflow remembers no event for a DAG that was not there yet."""
    state, airflow = server
    state.dags["a.report"], state.events["x"] = on("all", "x"), BEGIN - timedelta(days=1)
    assert not is_due(airflow, "a.report")
    state.events["x"] = BEGIN + timedelta(days=1)
    assert is_due(airflow, "a.report")


def test_dags_are_waited_for_until_airflow_lists_them(server: tuple[Server, Airflow]) -> None:
    """How many are missing is said meanwhile."""
    state, airflow = server
    state.dags["a.one"] = Dag()
    threading.Timer(0.3, lambda: state.dags.update({"a.two": Dag()})).start()
    said: list[str] = []
    wait_visible(airflow, ["a.one", "a.two"], said.append)
    assert said == ["waiting for 1 DAG to appear"]


def test_a_dag_that_does_not_appear_is_told_with_its_import_error(server: tuple[Server, Airflow]) -> None:
    """Where the files that Airflow could not import say why."""
    with pytest.raises(AerodromeError, match=r"does not show b\.x\nb/x\.py: no module y"):
        wait_visible(server[1], ["b.x"], lambda _: None, seconds=0)


def test_the_newest_runs_are_rows(server: tuple[Server, Airflow]) -> None:
    """Sorted; with seconds where the run has ended, and empty where there is none."""
    state, airflow = server
    state.dags |= {"b.never": Dag(), "a.ran": Dag(), "a.runs": Dag(ends=None)}
    names = [state.start(dag_id)["dag_run_id"] for dag_id in ("a.ran", "a.runs")]
    airflow.runs("a.ran")
    assert newest_runs(airflow, ["b.never", "a.ran", "a.runs"]) == (
        DagRow("a", "ran", names[0], "success", 8.4),
        DagRow("a", "runs", names[1], "running"),
        DagRow("b", "never"),
    )
