"""Airflow itself stores, reads, clears and deletes large results; the collector's program sees its database."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.xcom.reference import MARK


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Any:
    """What a run left, in a home of its own."""
    home = tmp_path_factory.mktemp("home")
    (home / "store").mkdir()
    settings = {
        "CORE__XCOM_BACKEND": "aerodrome_airflow.xcom.backend.TenantXCom",
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__ALLOWED_DESERIALIZATION_CLASSES": "-",
        "CORE__DAGS_FOLDER": str(home / "dags"),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AERODROME__ENVIRONMENT": "test",
        "AERODROME__XCOM_STORE": str(home / "store"),
    }
    environment = {f"AIRFLOW__{name}": value for name, value in settings.items()}
    environment |= {"AIRFLOW_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    (home / "dags").mkdir()
    program = shutil.copy(Path(__file__).with_name("runs.py"), home / "dags")
    done = subprocess.run(
        [sys.executable, program], env=environment, check=False, capture_output=True, text=True, cwd=home
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {
        "home": home,
        "environment": environment,
        "output": done.stdout,
        **json.loads(done.stdout.splitlines()[-1]),
    }


def _files(run: Any) -> set[str]:
    root = run["home"] / "store"
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def _collect(run: Any) -> str:
    command = [sys.executable, "-m", "aerodrome_airflow.xcom.collector", "--grace", "0"]
    done = subprocess.run(
        command, env=run["environment"], check=True, capture_output=True, text=True, cwd=run["home"]
    )
    return done.stdout


def test_a_later_task_gets_what_an_earlier_one_returned(run: Any) -> None:
    """As parameter and by name; the database holds references only."""
    assert run["states"]["look"] == "success"
    assert run["rows"]["return_value@look"] == {"table": True, "numbers": True}
    assert all(set(run["rows"][f"{key}@make"]) == {MARK} for key in ("return_value", "numbers"))


def test_another_tenants_task_gets_nothing(run: Any) -> None:
    """Though Airflow hands it the row."""
    assert run["states"]["steal"] == "failed"
    assert "a task of 'beta' may not read a result that is not its tenant's" in run["output"]


def test_a_new_attempt_removes_what_the_one_before_stored(run: Any) -> None:
    """Without waiting for the collector."""
    assert run["states"]["make"] == "success"
    assert _files(run) == {run["rows"][f"{key}@make"][MARK]["key"] for key in ("return_value", "numbers")}


def test_the_collector_keeps_what_is_referred_to_and_removes_the_rest(run: Any) -> None:
    """An object beside a living one, and an upload that nobody goes on with."""
    before = _files(run)
    living = run["home"] / "store" / sorted(before)[0]
    for name in ("return_value-" + "0" * 32, living.name + ".part-00000000"):
        shutil.copy(living, living.with_name(name))
    assert "large results: 2 kept, 2 removed, 0 not ours" in _collect(run)
    assert _files(run) == before
