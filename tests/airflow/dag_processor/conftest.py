"""The real DAG processor on a bundle of its own and a real database, started once for all tests here."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aerodrome.policy.facts import access_control

TENANTS = ("alpha", "beta")
FILE_SECONDS = 4
RETRY_SECONDS = 5


@dataclass(frozen=True)
class Processor:
    """A running DAG processor; *folder* holds its bundle's repository, its log and the alerts."""

    folder: Path
    golden: Path
    connection: psycopg.Connection[tuple[Any, ...]]

    def publish(self, **changes: Mapping[str, str | None]) -> str:
        """Commit *changes*, tenant by tenant: file name without `.py` → text, None to remove; return the commit."""
        repository = self.folder / "repository"
        for tenant, files in changes.items():
            (repository / tenant).mkdir(exist_ok=True)
            for name, text in files.items():
                path = repository / tenant / f"{name}.py"
                path.unlink() if text is None else path.write_text(text)
        return commit(repository)

    def text(self, tenant: str, name: str) -> str:
        """Return a file as the renderer writes it."""
        text = (self.golden / "minimal.py").read_text().replace("flights", tenant)
        return text.replace(f"{tenant}.minimal", f"{tenant}.{name}").replace(', "operator_triggered"', "")

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(statement.encode(), values or None).fetchall()

    def run(self, statement: str, *values: Any) -> None:
        """Change the database by hand."""
        self.connection.execute(statement.encode(), values or None)

    def dags(self) -> set[str]:
        """Return the DAGs that can be run."""
        return {row[0] for row in self.query("SELECT dag_id FROM dag WHERE NOT is_stale")}

    def errors(self) -> dict[str, str]:
        """Return the import errors by file."""
        return {
            str(file): str(text) for file, text in self.query("SELECT filename, stacktrace FROM import_error")
        }

    def parsed(self, dag_id: str) -> Any:
        """Return when the DAG was stored last."""
        return self.query("SELECT last_parsed_time FROM dag WHERE dag_id = %s", dag_id)[0][0]

    def wait(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Return when *condition* holds, or *seconds* are over: what the test asserts then tells more."""
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.1)


def commit(repository: Path) -> str:
    """Commit everything and return the commit."""
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-C", str(repository))
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "publish"], check=True)
    return subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


def settings(folder: Path, uri: str) -> dict[str, str]:
    """Return the environment of the processor: the platform's own settings with shorter times."""
    bundle = {
        "name": "tenants",
        "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {"repo_url": str(folder / "repository"), "tracking_ref": "main", "refresh_interval": 1},
    }
    options = {
        "AERODROME__ALERT_FOLDER": folder / "alerts",
        "AERODROME__ENFORCE_POLICY": True,
        "AERODROME__PARSE_IDLE_SECONDS": 0.2,
        "AERODROME__PARSE_RETRY_SECONDS": RETRY_SECONDS,
        "CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "CORE__DAGBAG_IMPORT_TIMEOUT": 2,
        "CORE__LOAD_EXAMPLES": False,
        "CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": 0,
        "DATABASE__SQL_ALCHEMY_CONN": uri,
        "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": 1,
        "DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": folder / "bundles",
        "DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": FILE_SECONDS,
        "DAG_PROCESSOR__DAG_VERSION_INFLATION_CHECK_LEVEL": "off",
        "DAG_PROCESSOR__FILE_PARSING_SORT_MODE": "modified_time",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 3600,
        "DAG_PROCESSOR__PARSING_PROCESSES": 2,
        "LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": folder / "logs",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    own = {f"AIRFLOW__{name}": str(value) for name, value in options.items()}
    return kept | own | {"AIRFLOW_HOME": str(folder / "home")}


@contextlib.contextmanager
def started(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Run the DAG processor meanwhile."""
    command = [sys.executable, "-m", "aerodrome_airflow.dag_processor"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=dict(environment), cwd=folder, stdout=log, stderr=log)
        try:
            yield
            assert process.poll() is None, (folder / "log").read_text()[-3000:]
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="package")
def processor(postgres: Any, repository: Path) -> Iterator[Processor]:
    """A DAG processor with policy, FAB's rights and two tenants that have no DAGs yet."""
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-processor-"))
    golden = repository / "tests/render/golden"
    uri = postgres.uri.replace("postgres:", "postgresql+psycopg:").removesuffix("/postgres") + "/processor"
    address = postgres.uri.replace("postgres:", "postgresql:")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE DATABASE processor")
    make_bundle(folder / "repository", golden)
    environment = settings(folder, uri)
    roles = [role for tenant in TENANTS for role in access_control(tenant)]
    prepare = [sys.executable, str(Path(__file__).with_name("prepare_database.py")), *roles]
    subprocess.run(prepare, env=environment, check=True, capture_output=True)
    with (
        psycopg.connect(address.removesuffix("/postgres") + "/processor", autocommit=True) as connection,
        started(folder, environment),
    ):
        yield Processor(folder, golden, connection)
    shutil.rmtree(folder, ignore_errors=True)


def make_bundle(path: Path, golden: Path) -> None:
    """Make the bundle's repository, with the limits of two tenants."""
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(path)], check=True)
    limits = (golden / "expected/policy.json").read_text()
    for tenant in TENANTS:
        (path / tenant).mkdir()
        (path / tenant / "policy.json").write_text(limits.replace("flights", tenant))
    commit(path)
