"""One DAG processor at work: its bundle, its database, and what a pass over all files costs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from database import Server
from processes import clean_environment, run, tree_cpu_seconds

TEMPLATE = "airflow_template"
LONGEST = 900.0


@dataclass(frozen=True)
class Kind:
    """A way of running the DAG processor."""

    name: str
    python: Path
    command: tuple[str, ...]
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Cost:
    """CPU-seconds of the DAG processor with its children, and of the database meanwhile."""

    cpu_seconds: float
    database_seconds: float
    seconds: float


@dataclass(frozen=True)
class DagProcessor:
    """A running DAG processor with *count* files to parse."""

    process: psutil.Process
    server: Server
    database: psycopg.Connection[tuple[object, ...]]
    checkout: Path
    count: int

    def first_pass(self) -> Cost:
        """Return what it took from the start until every DAG is stored."""
        return self._until_parsed(lambda: None)

    def again(self) -> Cost:
        """Return what a pass over all files takes when each looks changed."""
        return self._until_parsed(self._touch)

    def idle(self, seconds: float) -> float:
        """Return the share of one core, in percent, that the processor uses while nothing changes."""
        start, begun = tree_cpu_seconds(self.process), time.monotonic()
        time.sleep(seconds)
        return 100 * (tree_cpu_seconds(self.process) - start) / (time.monotonic() - begun)

    def _until_parsed(self, change: Any) -> Cost:
        since = self._value("SELECT now()")
        begun, used, stored = time.monotonic(), self._used(), tree_cpu_seconds(self.server.process)
        change()
        while self._value("SELECT count(*) FROM dag WHERE last_parsed_time > %s", since) < self.count:
            self._give_up(begun)
            time.sleep(0.5)
        took = time.monotonic() - begun
        if errors := self._errors():
            raise RuntimeError(f"files with import errors: {errors}")
        # The last file's process ends a moment after its DAG was stored.
        time.sleep(4)
        return Cost(self._used() - used, tree_cpu_seconds(self.server.process) - stored, took)

    def _used(self) -> float:
        return tree_cpu_seconds(self.process)

    def _touch(self) -> None:
        for path in self.checkout.glob("*/*.py"):
            os.utime(path)

    def _value(self, query: str, *values: Any) -> Any:
        row = self.database.execute(query.encode(), values or None).fetchone()
        assert row is not None
        return row[0]

    def _errors(self) -> list[tuple[object, ...]]:
        return self.database.execute(b"SELECT filename, stacktrace FROM import_error LIMIT 1").fetchall()

    def _give_up(self, begun: float) -> None:
        if self.process.status() == psutil.STATUS_ZOMBIE:
            raise RuntimeError("the DAG processor ended")
        if time.monotonic() - begun > LONGEST:
            raise RuntimeError(f"not every DAG was parsed: {self._errors()}")


@contextmanager
def running(
    kind: Kind, source: Path, server: Server, folder: Path, roles: Sequence[str]
) -> Iterator[DagProcessor]:
    """Yield a DAG processor of *kind* that reads the files of *source* from a git repository."""
    shutil.rmtree(folder, ignore_errors=True)
    _repository(source, folder / "repository")
    environment = _environment(kind, server, folder)
    _prepare(kind, server, environment, roles)
    server.create(kind.name, TEMPLATE)
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(
            [kind.python, *kind.command], env=environment, cwd=folder, stdout=log, stderr=log
        )
        try:
            with server.connect(kind.name) as connection:
                checkout = folder / "bundles" / "tenants" / "tracking_repo"
                count = len(list(source.glob("*/*.py")))
                yield DagProcessor(psutil.Process(started.pid), server, connection, checkout, count)
        finally:
            started.terminate()
            started.wait(60)


def _environment(kind: Kind, server: Server, folder: Path) -> dict[str, str]:
    bundle = {
        "name": "tenants",
        "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {"repo_url": str(folder / "repository"), "tracking_ref": "main", "refresh_interval": 5},
    }
    settings = {
        "AIRFLOW_HOME": str(folder / "home"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": server.url(kind.name),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(folder / "bundles"),
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__FILE_PARSING_SORT_MODE": "modified_time",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "86400",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
        "AIRFLOW__DAG_PROCESSOR__PRINT_STATS_INTERVAL": "600",
    }
    path = f"{kind.python.parent}{os.pathsep}{os.environ['PATH']}"
    return clean_environment(PATH=path) | settings | dict(kind.settings)


def _prepare(kind: Kind, server: Server, environment: Mapping[str, str], roles: Sequence[str]) -> None:
    """Make the template database once: every kind of DAG processor starts from a copy of it."""
    with server.connect() as connection:
        if connection.execute(b"SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone():
            return
    server.create(TEMPLATE)
    environment = {**environment, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": server.url(TEMPLATE)}
    for words in (("db", "migrate"), ("fab-db", "migrate"), ("sync-perm",), ("roles", "create", *roles)):
        run([kind.python, "-m", "airflow", *words], environment)


def _repository(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for words in (
        ["init", "--quiet", "-b", "main"],
        ["add", "--all"],
        [*who, "commit", "--quiet", "-m", "corpus"],
    ):
        subprocess.run(["git", *words], cwd=target, check=True)
