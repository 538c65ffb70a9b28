"""The first run of each DAG, against a small server that answers as Airflow's REST API does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError
from aerodrome.local.release.asset_schedule import due
from aerodrome.local.release.first_runs import (
    DagRow,
    FirstRuns,
    Patience,
    begin,
    follow,
    newest_runs,
    wait_visible,
)
from stand_in import BEGIN, Dag, Server, serving

PATIENT = Patience(runs=20, due=20, rests=0.3, gone=0.3, silence=5, look=0.02)
HASTY = Patience(runs=0.6, due=0.6, rests=0.3, gone=0.3, silence=0.3, look=0.02)


@pytest.fixture
def server() -> Iterator[tuple[Server, Airflow]]:
    """The server's state and the deploy's access to it."""
    with serving() as (state, port):
        yield state, Airflow(f"http://127.0.0.1:{port}", "admin", "secret")


Run = Callable[..., tuple[FirstRuns, list[str]]]


@pytest.fixture
def first(server: tuple[Server, Airflow]) -> Run:
    """Give the server these DAGs and return what a deploy finds and says of their first runs."""

    def run(patience: Patience = PATIENT, **dags: Dag) -> tuple[FirstRuns, list[str]]:
        server[0].dags |= {f"a.{name}": dag for name, dag in dags.items()}
        said: list[str] = []
        new = begin(server[1], list(server[0].dags), said.append)
        return follow(server[1], new, said.append, patience), said

    return run


def assets(kind: str, *names: str) -> dict[str, Any]:
    """Return an asset expression as Airflow writes it."""
    return {kind: [{"asset": {"name": name, "uri": name, "group": "asset"}} for name in names]}


def before(dag_id: str, state: str, age: int = 0) -> dict[str, Any]:
    """Return a run that was there before, *age* days ago."""
    times = dict.fromkeys(("start_date", "end_date"))
    return {"dag_id": dag_id, "dag_run_id": f"run-{age}", "state": state, "age": age, **times}


def on(kind: str, *names: str, **more: Any) -> Dag:
    """Return a DAG that these assets start."""
    return Dag(types=("asset_triggered", "manual"), asks=assets(kind, *names), **more)


def test_a_dag_that_never_ran_runs_once(first: Run, server: tuple[Server, Airflow]) -> None:
    """It is started once and seen to its end; one that ran before is left alone."""
    ran = Dag(runs=[before("a.ran", "failed")])
    found, said = first(new=Dag(), ran=ran)
    assert found == FirstRuns() and said == ["first run of a.new", "a.new: success"]
    posted = [path for method, path in server[0].asked if method == "POST" and not path.endswith("/list")]
    assert posted == ["/auth/token", "/api/v2/dags/a.new/dagRuns"]


def test_a_run_that_another_deploy_started_is_not_started_again(first: Run) -> None:
    """It is waited for."""
    dag = Dag(runs=[before("a.new", "running")])
    assert first(new=dag)[0] == FirstRuns() and len(dag.runs) == 1


def test_a_run_whose_time_has_come_is_left_to_airflow(first: Run, server: tuple[Server, Airflow]) -> None:
    """Started by hand as well it would run twice; it must begin, and is waited for."""
    assert first(daily=Dag(time=BEGIN))[0] == FirstRuns()
    found, said = first(HASTY, late=Dag(time=BEGIN, begins=False))
    assert found == FirstRuns(overdue=("a.late",)) and said[0] == "first run of a.late"
    assert not [path for method, path in server[0].asked if method == "POST" and path.endswith("dagRuns")]


def test_a_run_whose_time_is_far_away_is_started(first: Run, server: tuple[Server, Airflow]) -> None:
    """At a date, which its templates name."""
    dag = Dag(time=BEGIN.replace(year=2200))
    assert first(yearly=dag)[0] == FirstRuns() and len(dag.runs) == 1
    assert datetime.fromisoformat(dag.runs[0]["logical_date"]) > BEGIN


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
    assert said[-1] == "a.report: should have begun by now: its time, or the data that starts it, has come"


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
    assert due(airflow, ["a.report"]) == frozenset()
    state.events["x"] = BEGIN + timedelta(days=1)
    assert due(airflow, ["a.report"]) == {"a.report"}


def test_dags_are_waited_for_until_airflow_lists_them(server: tuple[Server, Airflow]) -> None:
    """How many are missing is said meanwhile."""
    state, airflow = server
    state.dags["a.one"] = Dag()
    said: list[str] = []

    def tell(line: str) -> None:
        said.append(line)
        state.dags["a.two"] = Dag()

    wait_visible(airflow, ["a.one", "a.two"], tell)
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
    airflow.newest_runs(["a.ran"])
    assert newest_runs(airflow, ["b.never", "a.ran", "a.runs"]) == (
        DagRow("a", "ran", names[0], "success", 8.4),
        DagRow("a", "runs", names[1], "running"),
        DagRow("b", "never"),
    )


def test_four_hundred_dags_take_a_handful_of_requests(server: tuple[Server, Airflow]) -> None:
    """In `status`, and at each look of a deploy; not one for each DAG."""
    state, airflow = server
    state.dags |= {f"a.d{n:03}": Dag(ends=None, runs=[before(f"a.d{n:03}", "running")]) for n in range(400)}
    assert len(newest_runs(airflow, [row["dag_id"] for row in airflow.dags()])) == 400
    assert len(state.asked) <= 7
    state.asked.clear()
    found = follow(airflow, begin(airflow, list(state.dags), lambda _: None), lambda _: None, HASTY)
    assert len(found.overdue) == 400
    assert not [path for _, path in state.asked if "a.d" in path]


def test_a_dag_that_runs_often_hides_no_other(server: tuple[Server, Airflow]) -> None:
    """Its runs fill the first answer; the others' are asked for again."""
    state, airflow = server
    often = [before("a.often", "success", age) for age in range(700)]
    state.dags |= {
        "a.often": Dag(runs=often),
        "a.rare": Dag(runs=[before("a.rare", "success", 900)]),
        "a.never": Dag(),
    }
    found = airflow.newest_runs(state.dags)
    assert {dag_id: run["age"] for dag_id, run in found.items()} == {"a.often": 0, "a.rare": 900}


def test_a_restart_of_the_api_server_is_waited_for(first: Run, server: tuple[Server, Airflow]) -> None:
    """Another deploy may begin while the runs are waited for."""
    state, airflow = server
    state.dags["a.new"] = Dag()
    new = begin(airflow, ["a.new"], lambda _: None)
    state.fails = 5
    said: list[str] = []
    assert follow(airflow, new, said.append, PATIENT) == FirstRuns()
    assert said[0].startswith("waiting: Airflow refused POST") and said[-1] == "a.new: success"


def test_an_airflow_that_stays_silent_ends_the_waiting(server: tuple[Server, Airflow]) -> None:
    """With what it said last."""
    state, airflow = server
    state.dags["a.new"] = Dag()
    new = begin(airflow, ["a.new"], lambda _: None)
    state.fails = 1000
    with pytest.raises(AerodromeError, match=r"Airflow refused POST .*: 500"):
        follow(airflow, new, lambda _: None, HASTY)


def test_a_dag_that_another_deploy_takes_away_is_waited_for_no_more(
    server: tuple[Server, Airflow],
) -> None:
    """That is nobody's fault."""
    state, airflow = server
    state.dags |= {"a.stays": Dag(), "a.goes": Dag(ends=None)}
    new = begin(airflow, list(state.dags), lambda _: None)
    del state.dags["a.goes"]
    said: list[str] = []
    assert follow(airflow, new, said.append, PATIENT) == FirstRuns(open=("a.goes",))
    assert said[-1] == "a.goes: was taken away"


def test_what_is_not_airflow_is_told(server: tuple[Server, Airflow]) -> None:
    """Another program listens there and answers in its own way."""
    with pytest.raises(AerodromeError, match="is not Airflow: it sends no JSON"):
        server[1]._read(httpx.Response(200, text="<html>"))
