"""What `status` of a cluster asks of Airflow's own API server, and makes of its answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aerodrome.clients.airflow import Airflow
from aerodrome.clients.airflow_dags import Dag
from aerodrome.kubernetes.status.airflow import Heard, NotImported, Queue, heard

IDLE = timedelta(days=30)
TASKS = "UPDATE task_instance SET state = {}, queue = '{}', queued_dttm = {} WHERE dag_id = '{}' AND task_id = '{}'"
RUNS = "UPDATE dag_run SET state = '{}', start_date = {} WHERE dag_id = '{}'"
KEPT = {
    "task_instance": "state, queue, queued_dttm",
    "dag_run": "state, start_date",
}
AGO = "now() - interval '{}'"


@pytest.fixture
def planted(place: Any) -> Iterator[Any]:
    """Two tenants of whom one has tasks that wait and one a run that failed, both as they were afterwards."""
    before = {table: place.query(f"SELECT id, {columns} FROM {table}") for table, columns in KEPT.items()}
    for statement in (
        TASKS.format("'queued'", "pii", AGO.format("1 hour"), "alpha.daily", "load"),
        TASKS.format("'queued'", "pii", AGO.format("2 hours"), "alpha.daily", "more"),
        TASKS.format("'running'", "default", "NULL", "beta.daily", "load"),
        TASKS.format("NULL", "default", "NULL", "beta.daily", "more"),
        RUNS.format("running", AGO.format("31 days"), "alpha.daily"),
        RUNS.format("failed", AGO.format("1 hour"), "beta.daily"),
    ):
        place.query(f"{statement} RETURNING 1")
    yield place
    for table, rows in before.items():
        for row in rows:
            _restore(place, table, row)


def _restore(place: Any, table: str, row: tuple[Any, ...]) -> None:
    values = ["NULL" if value is None else f"'{value}'" for value in row[1:]]
    told = ", ".join(f"{name} = {value}" for name, value in zip(KEPT[table].split(", "), values, strict=True))
    place.query(f"UPDATE {table} SET {told} WHERE id = '{row[0]}' RETURNING 1")


def asked(place: Any, now: datetime) -> tuple[Heard, list[str]]:
    """Return what the administrator hears at the time *now*, and the paths of the requests that it took."""
    airflow, paths = Airflow(place.undefended.url, "boss", "password"), []
    for client in (airflow._client, airflow._plain):
        client.event_hooks["request"].append(lambda request: paths.append(request.url.path))
    return heard(airflow, ("default", "onprem", "pii"), IDLE, now), paths


def test_all_that_needs_somebody_is_found(planted: Any) -> None:
    """By seven requests, however many DAGs there are."""
    found, paths = asked(planted, datetime.now(UTC))
    default, onprem, pii = found.queues
    assert (default, onprem) == (Queue("default", 0, None, 1), Queue("onprem", 0, None, 0))
    assert (pii.queued, pii.running, pii.known) == (2, 0, True)
    assert 7200 <= (pii.oldest_seconds or 0) < 7200 + 600
    assert found.not_imported[-1] == NotImported("beta", "beta/broken.py", "error of beta")
    assert [dag for dag in found.failing if dag.name == "daily"] == [Dag("beta", "daily", paused=True)]
    assert found.unhealthy["scheduler"] == "" and len(paths) <= 7


@pytest.fixture
def awake(planted: Any) -> Iterator[Any]:
    """Both tenants with no paused DAG."""
    paused = "UPDATE dag SET is_paused = {} WHERE dag_id LIKE 'alpha.%' OR dag_id LIKE 'beta.%' RETURNING 1"
    planted.query(paused.format(False))
    yield planted
    planted.query(paused.format(True))


def test_a_dag_without_a_run_is_idle_once_it_is_old_enough(awake: Any) -> None:
    """One that ran long ago is so at once, and one that was just deployed is not."""
    today, later = datetime.now(UTC), datetime.now(UTC) + timedelta(days=31)
    assert asked(awake, today)[0].idle == (Dag("alpha", "daily", paused=False),)
    assert asked(awake, later)[0].idle == (
        Dag("alpha", "daily", paused=False),
        Dag("alpha", "report", paused=False, ran=False),
        Dag("beta", "daily", paused=False),
        Dag("beta", "report", paused=False, ran=False),
    )


def test_a_paused_dag_is_not_idle(planted: Any) -> None:
    """Somebody wants it to rest."""
    assert asked(planted, datetime.now(UTC) + timedelta(days=31))[0].idle == ()


def test_a_task_that_nobody_is_to_run_is_skipped_before_it_is_sent(place: Any) -> None:
    """The others of its run are not touched."""
    airflow = Airflow(place.undefended.url, "boss", "password")
    run = str(airflow.trigger("alpha.daily")["dag_run_id"])
    first, *others = (row["task_id"] for row in airflow.task_instances("alpha.daily", run))
    for _ in ("done", "asked again"):
        airflow.skip("alpha.daily", run, first)
    states = {row["task_id"]: row["state"] for row in airflow.task_instances("alpha.daily", run)}
    assert states == {first: "skipped", **dict.fromkeys(others)} and others
    place.query(f"DELETE FROM dag_run WHERE run_id = '{run}' RETURNING 1")
