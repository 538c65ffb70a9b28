"""Run one operator of the catalogue as Airflow's task process would, without Airflow's database."""

from __future__ import annotations

import contextvars
import importlib
import importlib.util
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.bases.operator import ExecutorSafeguard

from common_plugins.catalogue import entry

DAG_ID = "alpha.daily"

Run = Callable[..., Any]


def operator_class(uses: str) -> Any:
    """Return the Airflow class of a catalogue entry."""
    module, _, name = entry(uses).operator.partition(":")
    return getattr(importlib.import_module(module), name)


def tenants_dag() -> DAG:
    """Return a DAG of tenant alpha."""
    return DAG(DAG_ID, schedule=None, start_date=datetime(2024, 1, 1))


@pytest.fixture
def dag() -> Iterator[DAG]:
    """A DAG of tenant alpha that tasks are put into."""
    with tenants_dag() as one:
        yield one


def context(task: Any, **values: Any) -> dict[str, Any]:
    """Return the part of Airflow's context that operators look at."""
    ti = SimpleNamespace(dag_id=DAG_ID, task=task, task_id=task.task_id, run_id="manual", map_index=-1)
    ti.xcom_push = lambda **_: None
    ti.get_first_reschedule_date = lambda around: around.get("first_reschedule_date")
    return {"ti": ti, "task_instance": ti, "dag": task.dag, "task": task, "ds": "2024-01-31", **values}


@pytest.fixture
def operators() -> Callable[[str], Any]:
    """The Airflow class of a catalogue entry."""
    return operator_class


@pytest.fixture
def execute() -> Callable[[Any], Any]:
    """What a task returns, rendered first."""
    return execute_task


def execute_task(task: Any, **values: Any) -> Any:
    """Render *task* and return what it returns."""
    surroundings = context(task, **values)
    task.render_template_fields(surroundings)
    inner = contextvars.copy_context()
    inner.run(ExecutorSafeguard.tracker.set, task)
    return inner.run(task.execute, surroundings)


@pytest.fixture
def run() -> Run:
    """Return what a task with these parameters returns."""

    def run_one(uses: str, **parameters: Any) -> Any:
        with tenants_dag():
            task = operator_class(uses)(task_id="task", **parameters)
        return execute_task(task)

    return run_one


@pytest.fixture
def warehouse(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A database that tenant alpha knows as `warehouse`; gives a way to look into it."""
    import psycopg

    monkeypatch.setenv("AIRFLOW_CONN_ALPHA.WAREHOUSE", postgres.uri)
    address = postgres.uri.replace("postgres:", "postgresql:")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        yield lambda statement: connection.execute(statement).fetchall()


@pytest.fixture
def data(launcher: Any) -> Path:
    """The data folder of tenant alpha."""
    return Path(launcher.folder) / "alpha/data"
