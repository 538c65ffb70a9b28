"""Tasks and triggers, run as Airflow runs them: whose secrets they read, and where those secrets can be seen."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from secrets_place import Bao, agent_in_thread, settings

PROGRAMS = Path(__file__).parent / "programs"
SECRET = "p@ss/w0rd+alpha=17"
TASKS = ("alpha.daily.reads", "alpha.daily.leaks", "alpha.daily.fails")
CONFIGURATION = """\
[core]
load_examples = False
xcom_backend = aerodrome_airflow.xcom.backend.TenantXCom
[aerodrome]
environment = prod-eu
enforce_policy = False
xcom_store = {folder}/results
[dag_processor]
dag_bundle_config_list = [{{"name": "tests", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
 "kwargs": {{"path": "{folder}/bundle"}}}}]
[logging]
base_log_folder = {folder}/logs
[workers]
min_heartbeat_interval = 1
secrets_backend = aerodrome_airflow.secrets.TenantSecretsBackend
secrets_backend_kwargs = {{"socket": "{folder}/s"}}
"""


@dataclass(frozen=True)
class Seen:
    """What the runs left behind."""

    folder: Path

    def log(self, task: str) -> str:
        """Return the log of a task."""
        return (self.folder / f"logs/{task}.log").read_text()

    def api(self, task: str) -> str:
        """Return what a task told the API."""
        return (self.folder / f"{task}.api").read_text()

    def outcomes(self, task: str) -> dict[str, str]:
        """Return what came of each lookup of a task that `Reads`."""
        line = next(line for line in self.log(task).splitlines() if '"event":"outcomes' in line)
        found: dict[str, str] = json.loads(str(json.loads(line)["event"]).removeprefix("outcomes "))
        return found


@pytest.fixture(scope="module")
def seen(shared_bao: Bao) -> Iterator[Seen]:
    """All tasks, one after the other, and then triggers of two tenants at once."""
    shared_bao.store_everything()
    shared_bao.store_password("alpha", SECRET)
    folder = Path(tempfile.mkdtemp(prefix="tasks-"))
    try:
        for name in ("home", "bundle", "logs", "results"):
            (folder / name).mkdir()
        (folder / "home/airflow.cfg").write_text(CONFIGURATION.format(folder=folder))
        shutil.copy(PROGRAMS / "dags.py", folder / "bundle/dags.py")
        with agent_in_thread(settings(folder, shared_bao.port)):
            _run(folder)
        yield Seen(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(folder / "home"), "HOME": str(folder / "home"),
                   "AIRFLOW_CONN_GIT_DEFAULT": "git://"}  # fmt: skip
    command = [sys.executable, PROGRAMS / "run_tasks.py", folder, *TASKS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_task_reads_its_tenants_own(seen: Seen) -> None:
    """In the task, in a thread of it, in a template; the variable too, and what all share."""
    found = seen.outcomes("alpha.daily.reads")
    assert {key: found[key] for key in ("alpha.db", "thread", "variable", "global.mail")} == {
        "alpha.db": "read", "thread": "read", "variable": "read", "global.mail": "read"
    }  # fmt: skip
    assert '/rtif {"text":"***"}' in seen.api("alpha.daily.reads")


def test_a_manifest_names_what_all_share(seen: Seen) -> None:
    """`global.<name>` where environment.yaml lists it, beside the tenant's own; the store refuses all others."""
    found = seen.outcomes("alpha.daily.reads")
    read = ("named db", "named global.mail", "variable threshold", "variable global.region")
    assert {key: found[key] for key in read} == dict.fromkeys(read, "read")
    for key in ("named global.other", "variable global.plan", "global.other"):
        assert (
            found[key].startswith("AirflowSecretsBackendAccessDenied")
            and "environment.yaml lists" in found[key]
        )


def test_a_task_reads_nobody_elses(seen: Seen) -> None:
    """Whatever the key is: the DAG that runs decides, and the error says so."""
    found = seen.outcomes("alpha.daily.reads")["beta.db"]
    assert found.startswith("AirflowSecretsBackendAccessDenied") and "is not a connection of tenant" in found


@pytest.mark.parametrize(
    "key", ["alpha.%2e%2e", "ALPHA.db", "../beta/connections/db", "plain", "alpha.people"]
)
def test_a_refusal_is_final(seen: Seen, key: str) -> None:
    """Airflow's own database is not asked instead."""
    assert seen.outcomes("alpha.daily.reads")[key].startswith("AirflowSecretsBackendAccessDenied")
    assert f"/connections/{key}" not in seen.api("alpha.daily.reads")


def test_what_is_not_stored_is_not_there(seen: Seen) -> None:
    """The usual error of Airflow; and the platform's own setting of the process is still found."""
    found = seen.outcomes("alpha.daily.reads")
    assert found["alpha.empty"].startswith("AirflowNotFoundException") and found["git_default"] == "None"


def test_a_callback_reads_its_tenants_own(seen: Seen) -> None:
    """After the task's end, where Airflow has no context any more."""
    assert '"callback alpha read"' in seen.log("alpha.daily.fails")
    assert '"callback beta AirflowSecretsBackendAccessDenied' in seen.log("alpha.daily.fails")


@pytest.mark.parametrize("task", ["alpha.daily.leaks", "alpha.daily.fails", "alpha.daily.reads"])
def test_no_form_of_a_secret_is_in_a_log(seen: Seen, task: str) -> None:
    """Printed, logged, deep in a structure, in a group of exceptions."""
    text = seen.log(task)
    assert "***" in text or task == "alpha.daily.reads"
    assert _forms_in(text) == []


def test_no_form_of_a_secret_is_told_to_the_api(seen: Seen) -> None:
    """Rendered fields, however deep, and results, keys included."""
    for task in TASKS:
        assert _forms_in(seen.api(task)) == []
    told = seen.api("alpha.daily.leaks")
    assert "/xcoms/alpha.daily/r/leaks/return_value" in told and "/xcoms/alpha.daily/r/leaks/pushed" in told
    assert "The result held a secret" in seen.log("alpha.daily.leaks")


def test_triggers_of_two_tenants_read_each_its_own(seen: Seen) -> None:
    """In one process, at the same time, in its event loop and in threads; and one of no task reads nothing."""
    found: dict[str, dict[str, Any]] = json.loads((seen.folder / "triggers.json").read_text())
    denied = "AirflowSecretsBackendAccessDenied"
    assert _passwords(found["0"]) == [SECRET] * 3 + [denied] * 3
    assert _passwords(found["1"]) == [denied] * 3 + ["beta-db-password"] * 3
    assert set(found["2"].values()) == {denied}
    assert (found["0"]["variable"], found["1"]["variable"]) == ("alpha-threshold-17", denied)


def _passwords(found: dict[str, Any]) -> list[Any]:
    return [
        found[f"{key}{where}"]
        for key in ("alpha.db", "beta.db")
        for where in ("", " in a thread", " at once")
    ]


def _forms_in(text: str) -> list[str]:
    forms = (SECRET, "p%40ss", "p%40ss%2Fw0rd", base64.b64encode(SECRET.encode()).decode()[:-4],
             base64.b64encode(b"me:" + SECRET.encode()).decode()[5:-4], "w0rd")  # fmt: skip
    return [form for form in forms if form in text]
