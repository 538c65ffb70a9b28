"""One whole platform for the tests of this folder, with three tenants: state, ports and supervisor of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aerodrome import names
from aerodrome.bundle import publish
from aerodrome.clients.airflow import Airflow
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.release.first_runs import wait_visible
from aerodrome.local.release.preparation import Preparation
from aerodrome.local.stores import secrets_store
from live_platform import clone, deployed, state_folder

Row = dict[str, Any]
QUEUES = ("default", "pii", "onprem", "maintenance")
SOURCE = Path(__file__).parent / "repository"
# Those that take longest stand first. The other DAGs of gamma are started by time, by data or by nobody.
STARTED = (
    "patient", "placed", "retried", "slow", "late", "cleanup", "values", "pools", "single", "single", "single",
    "narrow", "produce", "rules", "starter", "params",
)  # fmt: skip


@pytest.fixture(scope="package")
def platform(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that runs: alpha and beta share no queue, gamma's manifests use what manifests can say."""
    copy = clone(repository, SOURCE, tmp_path_factory.mktemp("clone"), ("gamma",))
    with deployed(copy, state_folder("aerodrome-test", tmp_path_factory.mktemp("state")), _fill) as platform:
        yield platform


def _fill(prepared: Preparation) -> None:
    for tenant in ("alpha", "beta", "gamma"):
        token = names.variable_path("local", tenant, "token")
        secrets_store.values(prepared.platform).write(token, {"value": f"of-{tenant}"})
    # The platform's own folder of the bundle holds what no manifest may say.
    files = {f"platform/{path.name}": path.read_text() for path in (SOURCE / "platform_dags").glob("*.py")}
    publish(prepared.platform.layout.bundle, files, source="tests", tenants={"platform"})


@pytest.fixture(scope="package")
def airflow(platform: Platform) -> Airflow:
    """The administrator's access, once the published DAGs are visible."""
    found = access.admin_access(platform)
    wait_visible(found, {"platform.probe", "alpha.waiting", "alpha.endless", "gamma.values"}, print)
    return found


@pytest.fixture(scope="package")
def finished(airflow: Airflow) -> dict[str, str]:
    """The logs of one finished run's tasks, by queue."""
    run = airflow.trigger("platform.probe", {"seconds": 0})["dag_run_id"]
    assert wait_for_run(airflow, run, 120) == "success"
    return {queue: airflow.log("platform.probe", run, queue, 1) for queue in QUEUES}


def wait_for_run(airflow: Airflow, run: str, seconds: float) -> str:
    """Return the state that a run ends in, or the one it is in when the time is over."""
    end = time.monotonic() + seconds
    while (found := airflow.run("platform.probe", run)["state"]) not in ("success", "failed"):
        if time.monotonic() > end:
            break
        time.sleep(0.5)
    return str(found)


@pytest.fixture
def wait_run(airflow: Airflow) -> Callable[[str, float], str]:
    """A function that waits for a run's end."""
    return lambda run, seconds: wait_for_run(airflow, run, seconds)


@dataclass(frozen=True)
class Runs:
    """The runs of gamma's DAGs; the first run of a DAG is meant where nothing else is said."""

    airflow: Airflow

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Return what Airflow's API answers."""
        return self.airflow._call(method, f"/api/v2/{path}", **options)

    def of(self, dag: str) -> list[Row]:
        """Return the runs of *dag*, the oldest first."""
        return self.airflow.runs(f"gamma.{dag}")[::-1]

    def ended(self, dag: str, number: int = 1) -> list[Row]:
        """Return the runs of *dag* once *number* of them, and no fewer than all, have ended."""
        self.wait(lambda: len(self.of(dag)) >= number and all(run["end_date"] for run in self.of(dag)))
        return self.of(dag)

    def tasks(self, dag: str, number: int = 0) -> dict[str, Row]:
        """Return the task instances of a run by task, those of mapped tasks as `task[0]`."""
        rows = self.airflow.task_instances(f"gamma.{dag}", self.of(dag)[number]["dag_run_id"])
        return {
            row["task_id"] + (f"[{row['map_index']}]" if row["map_index"] >= 0 else ""): row for row in rows
        }

    def states(self, dag: str, number: int = 0) -> dict[str, str]:
        """Return task → state of a run."""
        return {task: row["state"] for task, row in self.tasks(dag, number).items()}

    def path(self, dag: str, task: str) -> str:
        """Return the address of a task instance below the API's own."""
        return f"dags/gamma.{dag}/dagRuns/{self.of(dag)[0]['dag_run_id']}/taskInstances/{task}"

    def result(self, dag: str, task: str, key: str = "return_value", map_index: int = -1) -> Any:
        """Return what a task has left for later ones."""
        query = {"deserialize": True, "map_index": map_index}
        return self.call("GET", f"{self.path(dag, task)}/xcomEntries/{key}", params=query)["value"]

    def log(self, dag: str, task: str, attempt: int = 1) -> str:
        """Return the log of one attempt."""
        return self.airflow.log(f"gamma.{dag}", self.of(dag)[0]["dag_run_id"], task, attempt)

    def wait(self, condition: Callable[[], Any], seconds: float = 120) -> None:
        """Return when *condition* holds, or fail when the time is over."""
        assert wait_until(lambda: bool(condition()), seconds), "it did not happen in time"


def spans(rows: Iterable[Row]) -> list[tuple[datetime, datetime]]:
    """Return beginning and end of each of *rows*, the earliest first."""
    moments = (
        (datetime.fromisoformat(row["start_date"]), datetime.fromisoformat(row["end_date"])) for row in rows
    )
    return sorted(moments)


@pytest.fixture
def one_by_one() -> Callable[[Iterable[Row]], bool]:
    """A function that tells whether of some runs or task instances none began before another had ended."""

    def judge(rows: Iterable[Row]) -> bool:
        found = spans(rows)
        return all(end <= start for (_, end), (start, _) in pairwise(found))

    return judge


@pytest.fixture(scope="package")
def runs(airflow: Airflow) -> Runs:
    """Gamma's runs, all of them started before a test looks at the first."""
    wait_visible(airflow, {f"gamma.{dag}" for dag in (*STARTED, "started", "of_any", "of_all")}, print)
    for dag in STARTED:
        airflow.trigger(f"gamma.{dag}")
    return Runs(airflow)
