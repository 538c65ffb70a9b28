"""One whole platform for the tests of this folder: state, ports and supervisor of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome.clients.airflow import Airflow, NotFoundError
from aerodrome.environment import Environment
from aerodrome.local import access, lifecycle, secrets_store, services, state
from aerodrome.local.platform import Platform
from aerodrome.manifest.tenant import TenantManifest

QUEUES = ("default", "pii", "onprem", "maintenance")
PROBE = """
import datetime, getpass, time
from airflow.sdk import DAG, BaseHook, Variable, task

def seen(name):
    try:
        return BaseHook.get_connection(name).login
    except Exception as problem:
        return type(problem).__name__

ACCESS = {"alpha.viewer": {"DAGs": {"can_read"}}, "alpha.editor": {"DAGs": {"can_read", "can_edit"}}}

with DAG("alpha.probe", params={"seconds": 0}, access_control=ACCESS):
    for queue in ("default", "pii", "onprem", "maintenance"):
        @task(task_id=queue, queue=queue, retries=3, retry_delay=datetime.timedelta(seconds=1))
        def report(params):
            print("user", getpass.getuser())
            keys = ("alpha.warehouse", "beta.warehouse", "alpha.%2e%2e", "../beta/connections/warehouse")
            for name in keys:
                print("connection", name, seen(name))
            time.sleep(params["seconds"])
        report()
"""

TENANT_CODE = """
from airflow.sdk import DAG
from common_plugins.operators.bash_run import BashRunOperator
from common_plugins.operators.file_wait import FileWaitOperator

with DAG("alpha.waiting"):
    FileWaitOperator(task_id="wait", path="sign.txt", mode="defer", poke_interval=1.0, timeout=60.0)
with DAG("alpha.endless"):
    BashRunOperator(task_id="run", script="(setsid sleep 98765 &) ; sleep 98765")
"""


def _environment() -> Environment:
    sockets = [socket.socket() for _ in range(5)]
    for found in sockets:
        found.bind(("127.0.0.1", 0))
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    keys = ("api_server", "postgres", "redis", "openbao", "openbao_cluster")
    return Environment.model_validate(
        {
            "name": "local",
            "kind": "local",
            "zones": {"default": {"triggerer": True}, "pii": {}, "onprem": {}, "platform": {}},
            "queues": {
                "default": {"zone": "default", "slots": 2},
                "pii": {"zone": "pii", "personal_data": True, "shared": False},
                "onprem": {"zone": "onprem", "shared": False},
                "maintenance": {"zone": "platform", "tenants": False, "slots": 1},
            },
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "local": {
                "ports": dict(zip(keys, ports, strict=True)),
                "connections": {"warehouse": {"type": "postgres"}},
            },
        }
    )


def _tenant(*queues: str) -> TenantManifest:
    return TenantManifest.model_validate(
        {
            "owners": [{"name": "Team", "email": "team@example.org"}],
            "queues": list(queues),
            "connections": {"warehouse": {"type": "postgres"}},
        }
    )


@pytest.fixture(scope="session")
def platform(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that runs, with two tenants that share no queue and no policy on its hand-written DAG."""
    root = os.geteuid() == 0
    folder = Path(f"/var/lib/aerodrome-test-{os.getpid()}") if root else tmp_path_factory.mktemp("state")
    snapshot = _snapshot(repository, tmp_path_factory.mktemp("clone"))
    tenants = {"alpha": _tenant("default", "pii"), "beta": _tenant("onprem")}
    made = Platform(state.locate(snapshot, folder), _environment(), tenants, enforce_policy=False)
    try:
        services.apply(made, print)
        secrets_store.apply(made, print)
        _publish(made)
        yield made
    finally:
        lifecycle.destroy(made, print)


def _snapshot(repository: Path, target: Path) -> Path:
    # Whoever edits the source while the tests run does not restart the processes under test.
    target.chmod(0o755)
    for name in ("platform", "common_plugins"):
        shutil.copytree(repository / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.lock", "README.md"):
        shutil.copy2(repository / name, target / name)
    (target / ".venv").symlink_to(repository / ".venv")
    return target


def _publish(platform: Platform) -> None:
    # A hand-written DAG in the place of a rendered one: these tests are about the platform below the DAGs.
    bundle, work = platform.layout.bundle, platform.layout.state / "work"
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    _git("clone", "--quiet", str(bundle), str(work))
    (work / "alpha").mkdir()
    (work / "alpha" / "probe.py").write_text(PROBE)
    (work / "alpha" / "tenant_code.py").write_text(TENANT_CODE)
    _git("-C", str(work), "add", "--all")
    _git("-C", str(work), *identity, "commit", "--quiet", "--message", "Publish alpha")
    _git("-C", str(work), "push", "--quiet", "origin", "HEAD:main")


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True)


@pytest.fixture(scope="session")
def airflow(platform: Platform) -> Airflow:
    """The administrator's access, once the published DAG is visible."""
    found = access.admin_access(platform)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            found.dag("alpha.probe")
        except NotFoundError:
            time.sleep(0.5)
        else:
            return found
    raise AssertionError(f"the DAG did not appear: {found.import_errors()}")


@pytest.fixture(scope="session")
def finished(airflow: Airflow) -> dict[str, str]:
    """The logs of one finished run's tasks, by queue."""
    run = airflow.trigger("alpha.probe", {"seconds": 0})["dag_run_id"]
    assert wait_for_run(airflow, run, 120) == "success"
    return {queue: airflow.log("alpha.probe", run, queue, 1) for queue in QUEUES}


def wait_for_run(airflow: Airflow, run: str, seconds: float) -> str:
    """Return the state that a run ends in, or the one it is in when the time is over."""
    end = time.monotonic() + seconds
    while (found := airflow.run("alpha.probe", run)["state"]) not in ("success", "failed"):
        if time.monotonic() > end:
            break
        time.sleep(0.5)
    return str(found)


@pytest.fixture
def wait_run(airflow: Airflow) -> object:
    """A function that waits for a run's end."""
    return lambda run, seconds: wait_for_run(airflow, run, seconds)
