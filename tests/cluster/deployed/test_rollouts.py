"""Workers of a real cluster are replaced: their tasks come to their end, and a zone that runs none then is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from aerodrome.clients.airflow import Airflow
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.local.machine.deadline import wait_until
from logins import bearer
from sandbox import VALUES, WEATHER, Sandbox
from testbed.place import MACHINE

pytestmark = pytest.mark.usefixtures("first")
TENANT = "tenants/flights/tenant.yaml"
WAITS, HELD = "flights.waits", "flights.held"
PARSED_SECONDS, RUN_SECONDS = 180, 120
MANIFESTS = {
    "held": "- {id: nothing, uses: flow.empty}",
    "waits": "- {id: wait, uses: dag.trigger, with: {trigger_dag_id: held, wait: true, poke_interval: 1s}}",
}
ELSEWHERE = f"{{to: [{{ipBlock: {{cidr: {MACHINE}/32}}}}], ports: [{{port: 1, protocol: TCP}}]}}"
WITHOUT_DAGS = f"{{networkPolicy: {{egress: [{ELSEWHERE}]}}, workers: {{podAnnotations: {{tried: '1'}}}}}}"
CUT_OFF = {
    ("release", "update", "NetworkPolicy airflow-worker-platform"),
    ("release", "update", "StatefulSet airflow-worker-platform"),
}
LIMITS = ("bundle", "update", "limits of flights")


@dataclass(frozen=True)
class Running:
    """A task that a worker of the default queue runs for as long as another DAG is paused."""

    desk: ClusterDesk
    airflow: Airflow
    run: str

    def row(self) -> dict[str, Any]:
        """Return how it stands."""
        (found,) = self.airflow.task_instances(WAITS, self.run) or [{"state": ""}]
        return found

    def hold(self, paused: bool) -> None:
        """Keep it running, or let it end."""
        pause(self.desk, paused=paused)


def pause(airflow: ClusterDesk, *, paused: bool) -> None:
    """Pause the DAG that the task waits for, or let it go on."""
    asked: dict[str, Any] = {"headers": bearer(airflow, "admin"), "timeout": 60, "trust_env": False}
    place = f"http://{airflow.address}/api/v2/dags/{HELD}"
    httpx.patch(place, json={"is_paused": paused}, **asked).raise_for_status()


@pytest.fixture
def running(deployed: Sandbox, airflow: ClusterDesk) -> Running:
    """A task that runs, of two DAGs that are deployed for it."""
    for name, task in MANIFESTS.items():
        text = f"dag_id: {name}\ndescription: A task that waits.\nschedule: null\ntasks:\n  {task}\n"
        deployed.edit(f"tenants/flights/dags/{name}.yaml", lambda _, text=text: text)
    deployed.deploy()
    access = airflow.access()
    known = {WAITS, HELD}
    assert wait_until(lambda: known <= {row["dag_id"] for row in access.dags()}, PARSED_SECONDS)
    pause(airflow, paused=True)
    found = Running(airflow, access, str(access.trigger(WAITS)["dag_run_id"]))
    assert wait_until(lambda: found.row()["state"] == "running", RUN_SECONDS), found.row()
    return found


@pytest.fixture
def without_dags(deployed: Sandbox) -> Iterator[Sandbox]:
    """The sandbox that asks for another DAG, other limits, and workers of one zone that cannot fetch DAGs."""
    before = {path: (deployed.root / path).read_text() for path in (VALUES, TENANT, WEATHER)}
    deployed.change_workers("platform", WITHOUT_DAGS)
    deployed.edit(TENANT, lambda text: text.replace("\nlimits:\n", "\nlimits:\n  retries: 2\n"))
    deployed.change_dag()
    yield deployed
    for path, text in before.items():
        (deployed.root / path).write_text(text)
    deployed.commit()


def test_a_task_runs_on_while_its_worker_is_replaced(deployed: Sandbox, running: Running) -> None:
    """The deploy lets it end, and it has begun once."""
    deployed.change_workers("default", "{workers: {podAnnotations: {tried: '1'}}}")
    with deployed.begun("deploy", "--yes") as going:
        going.wait_for("old pods end their work")
        assert running.row()["state"] == "running"
        running.hold(False)
        assert going.end() == 0, going.said()
    assert (running.row()["state"], running.row()["try_number"]) == ("success", 1)
    assert deployed.planned() == set()


def test_a_canary_that_fails_takes_release_and_dags_back(without_dags: Sandbox) -> None:
    """The error tells which queue, what its worker wrote, and what runs again; limits stay those of now."""
    planned = without_dags.planned()
    assert planned >= CUT_OFF | {LIMITS, ("bundle", "update", "DAG flights.weather")}
    done = without_dags.run("deploy", "--yes")
    told = done.stdout + done.stderr
    said = "queue maintenance: its task failed; airflow-worker-platform-0."
    assert done.returncode == 1 and said in told and "final_state=failed" in told, told
    assert "went back to deploy " in told and ", which works" in told and "mend it and deploy again" in told
    assert without_dags.planned() == planned - {LIMITS}


def test_a_deploy_of_the_commit_before_leaves_nothing_to_do(deployed: Sandbox) -> None:
    """But for the limits all of it runs already."""
    assert deployed.planned() == {LIMITS}
    assert "sandbox: 1 change made" in deployed.deploy()
    assert deployed.planned() == set()
