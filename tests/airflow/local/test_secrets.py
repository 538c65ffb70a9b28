"""Tenants' tasks and their secrets while parts of the platform are away."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome.clients.airflow import Airflow
from aerodrome.local.loop.run_once import run_dag_once
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import supervision

DAG = "alpha.reads"
NOVEL = """\
dag_id: novel
schedule: null
tasks: [{id: ask, uses: sql.query, with: {connection: novel, sql: SELECT 1}}]
"""


def outcome(airflow: Airflow) -> str:
    """Return how a run ended whose tasks, in two zones, use a connection."""
    run, end = airflow.trigger(DAG)["dag_run_id"], time.monotonic() + 60
    while (found := airflow.run(DAG, run)["state"]) not in ("success", "failed") and time.monotonic() < end:
        time.sleep(0.3)
    return str(found)


def test_tasks_outlast_an_agent_that_is_killed(platform: Platform, airflow: Airflow) -> None:
    """The supervisor starts it again, and tasks wait for it."""
    processes = supervision.client(platform.layout).processes()
    for zone in ("default", "pii"):
        os.kill(processes[f"secrets-{zone}"].pid, signal.SIGKILL)
    assert outcome(airflow) == "success"


def test_tasks_outlast_the_store(platform: Platform, airflow: Airflow) -> None:
    """What an agent has read goes on to be used."""
    assert outcome(airflow) == "success"
    supervisor = supervision.client(platform.layout)
    supervisor.stop(["openbao"])
    try:
        assert outcome(airflow) == "success"
    finally:
        supervisor.start("openbao")


@pytest.mark.skipif(os.geteuid() != 0, reason="without root there is one user")
@pytest.mark.parametrize("user", ["aerodrome-pii", "_alpha", "aerodrome"])
def test_nobody_reads_the_login_of_an_agent(platform: Platform, user: str) -> None:
    """Not even the user that the agent itself goes on as; its memory and environment are closed too."""
    pid = supervision.client(platform.layout).processes()["secrets-pii"].pid
    folder = platform.layout.process_config("secrets-pii")
    files = [*folder.iterdir(), f"/proc/{pid}/environ", f"/proc/{pid}/mem", f"/proc/{pid}/maps"]
    assert len(files) == 6
    for file in files:
        command = ["cat", str(file)]
        done = subprocess.run(
            command, user=user, group=user, extra_groups=[], capture_output=True, check=False
        )
        assert done.returncode and done.stdout == b"", file


def test_a_run_without_the_platform_reads_secrets_too(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """By an agent of its own, which is gone with it."""
    monkeypatch.setenv("AERODROME_STATE", str(platform.layout.state))
    before = set(Path(tempfile.gettempdir()).glob("aerodrome-run-*"))
    assert run_dag_once(platform.layout.repository, "local", DAG, print) == 0, capfd.readouterr()
    assert set(Path(tempfile.gettempdir()).glob("aerodrome-run-*")) <= before


@pytest.fixture
def novel(platform: Platform) -> Iterator[None]:
    """A DAG of alpha with a connection that no deploy has seen."""
    folder = platform.layout.repository / "tenants/alpha"
    before = (folder / "tenant.yaml").read_text()
    (folder / "tenant.yaml").write_text(
        before.replace("connections:\n", "connections:\n  novel: {type: postgres}\n")
    )
    (folder / "dags/novel.yaml").write_text(NOVEL)
    yield
    (folder / "tenant.yaml").write_text(before)
    (folder / "dags/novel.yaml").unlink()


def test_a_run_with_a_connection_that_no_deploy_has_seen_says_so(
    platform: Platform, novel: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """And which command lets it read that."""
    monkeypatch.setenv("AERODROME_STATE", str(platform.layout.state))
    assert run_dag_once(platform.layout.repository, "local", "alpha.novel", print) == 1
    told = "connection 'alpha.novel' was named after the last deploy: make deploy ENV=local first"
    assert told in capfd.readouterr().out


def test_an_agent_writes_no_secret_to_its_log(platform: Platform) -> None:
    """Whatever it was asked for."""
    told = "".join(path.read_text() for path in platform.layout.logs.glob("secrets-*.log"))
    assert "serving zone" in told
    secrets = [path.read_text() for path in platform.layout.secrets.iterdir()]
    assert not any(secret and secret in told for secret in secrets)
