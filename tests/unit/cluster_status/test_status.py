"""`status` of an environment in a cluster: what cannot be asked is one line, and the rest is shown."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import Any

from aerodrome.cli.program import commands
from api_server_stand_in import DEPLOYS, ApiServer, container, deployment, pod, record, replica_set
from typer.testing import CliRunner

program = commands()

SECRETS = "/api/v1/namespaces/airflow/secrets/aerodrome-people"


def release(state: ApiServer, ready: int = 1, **status: Any) -> None:
    """Have the cluster run a release with one component, and know Airflow's administrator."""
    state.add("Deployment", deployment("airflow-api-server", 1, ready))
    state.add("ReplicaSet", replica_set("airflow-api-server"))
    state.add("Pod", pod("airflow-api-server", **status))
    labels = {"app.kubernetes.io/managed-by": "aerodrome"}
    password = base64.b64encode(b"x").decode()
    state.found[SECRETS] = {"metadata": {"labels": labels}, "data": {"admin": password}}


def run(*more: str) -> subprocess.CompletedProcess[str]:
    """Return how `status` ended in this process: the program begins anew for seconds."""
    done = CliRunner().invoke(program, ["status", "--env=dev", *more])
    return subprocess.CompletedProcess((), done.exit_code, done.stdout, done.stderr)


def wrong(done: Any) -> list[str]:
    """Return what a status says is wrong; it ends with code 1, and with nothing else on standard error."""
    assert done.returncode == 1 and done.stderr == ""
    return [line.removeprefix("wrong: ") for line in done.stdout.splitlines() if line.startswith("wrong: ")]


def test_a_cluster_that_does_not_answer_is_one_line(dev: Any) -> None:
    """What stands in the repository is shown all the same."""
    done = run()
    (line,) = wrong(done)
    assert line.startswith(
        "http://127.0.0.1:1 does not answer: Connection refused (look whether the cluster runs"
    )
    assert "hosts: none in the inventory" in done.stdout and "deploys" not in done.stdout


def test_a_release_that_is_not_there_is_one_line(api_server: ApiServer) -> None:
    """Airflow is not asked, and the deploys are told that there were."""
    record(api_server, 1)
    done = run()
    (line,) = wrong(done)
    assert line.startswith("there is no release airflow in namespace airflow of http://127.0.0.1:")
    assert line.endswith(": make deploy ENV=dev") and "ada@desk" in done.stdout
    assert SECRETS not in api_server.asked


def test_what_was_told_before_a_cluster_went_away_is_shown(api_server: ApiServer) -> None:
    """It is asked nothing more."""
    release(api_server)
    api_server.silent.add(DEPLOYS)
    done = run()
    (line,) = wrong(done)
    assert " does not answer: " in line and "airflow-api-server" in done.stdout
    assert SECRETS not in api_server.asked


def test_an_airflow_that_does_not_answer_is_one_line(api_server: ApiServer) -> None:
    """The component that lacks something is in the table, with what it lacks."""
    waits = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    release(api_server, 0, containerStatuses=container(**waits))
    done = run()
    assert wrong(done) == ["Airflow's API server does not answer (its pods are among the components)"]
    row = next(line for line in done.stdout.splitlines() if line.startswith("airflow-api-server"))
    assert row.split()[:2] == ["airflow-api-server", "0/1"] and "ImagePullBackOff: no such image" in row


def test_without_a_password_airflow_is_not_asked(api_server: ApiServer) -> None:
    """Of a first deploy that did not come so far."""
    release(api_server)
    del api_server.found[SECRETS]
    told = "no deploy has given Airflow's administrator a password (the next one does: make deploy ENV=dev)"
    assert wrong(run()) == [told]


def test_what_somebody_may_not_read_is_told(api_server: ApiServer) -> None:
    """By verb and resource; the rest is shown."""
    release(api_server)
    said = 'User "eve" cannot get resource "configmaps" in API group "" in the namespace "airflow"'
    api_server.refused[DEPLOYS] = {"message": f"configmaps is forbidden: {said}"}
    first, *_ = wrong(done := run())
    assert first.startswith("eve may not get configmaps in namespace airflow (ask who")
    assert "airflow-api-server" in done.stdout


def test_the_last_five_deploys_are_shown_newest_first(api_server: ApiServer) -> None:
    """Of as many as are kept."""
    release(api_server)
    record(api_server, *range(1, 9))
    found = json.loads(run("--json").stdout)
    assert [entry["number"] for entry in found["deploys"]] == [8, 7, 6, 5, 4]
    assert found["healthy"] is False and found["airflow"] is None and found["hosts"] == []


def test_no_password_is_shown(api_server: ApiServer) -> None:
    """Neither on the screen nor in the document."""
    release(api_server)
    api_server.found[SECRETS]["data"]["admin"] = base64.b64encode(b"hush-hush").decode()
    for more in ((), ("--json",)):
        done = run(*more)
        assert "hush-hush" not in done.stdout + done.stderr
