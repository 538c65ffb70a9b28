"""The deployed platform under attack, and programs that run in it as the code of a tenant's task does."""

from __future__ import annotations

import contextlib
import json
import subprocess
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import psycopg
from aerodrome import names
from aerodrome.clients.airflow import Airflow
from aerodrome.local.machine import credentials
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.processes import supervision
from aerodrome.local.processes.topology import airflow_environment
from aerodrome.local.release.first_runs import wait_visible
from aerodrome.local.stores import secrets_store
from suite import guarded
from suite.guarded import Output

ZONE = "default"
VICTIM = "beta"
CLEAN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
LONGEST_SECONDS = 120
# The worker's side, as an operator uses it: prints the first lines and how much there was, and the error, as JSON.
_WORKER = """
import json, sys
from pathlib import Path
from aerodrome_airflow.launcher.client import Launch, LauncherError, TenantCodeError
from aerodrome_airflow.launcher.jobs import Job
request = json.load(sys.stdin)
lines, size, problem, result = [], 0, "", None
def hear(line):
    global size
    size += len(line)
    if len(lines) < 10_000:
        lines.append(line)
try:
    result = Launch(Path(request["socket"])).run(Job(**request["job"]), hear)
except (LauncherError, TenantCodeError) as error:
    problem = str(error)
print(json.dumps({"lines": lines, "size": size, "problem": problem, "result": result}))
"""


@dataclass(frozen=True)
class Code:
    """A tenant's code in *zone*: started by the zone's launcher, or by the one that listens on *socket*.

    *direct*: started by nothing but a change of the user, with what the worker's own process has in its environment.
    """

    platform: Platform
    tenant: str
    zone: str = ZONE
    socket: Path | None = None
    direct: bool = False

    def python(self, source: str, *, may_end: str = "", **environment: str) -> str:
        """Return what the program *source* printed, which has been run to its end.

        It sees the platform's Python and standard library only. *may_end*: the words by which the platform may have
        ended it instead.
        """
        return guarded.python(self._script(self._heredoc(source), environment), may_end)

    def bash(self, script: str, *, may_end: str = "", **environment: str) -> Output:
        """Return what *script* printed, which has been run; *may_end* as for `python`."""
        return guarded.script(self._script(script, environment), may_end)

    def _script(self, script: str, environment: Mapping[str, str]) -> Output:
        return self.job("bash", {"script": guarded.marked(script)}, environment)

    def job(self, kind: str, body: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Output:
        """Return what a job of the launcher wrote, asked for as the zone's worker asks, however it ended."""
        if self.direct:
            return self._directly(str(body["script"]), environment or {})
        request = {
            "socket": str(self.socket or self.platform.layout.launcher_socket(self.zone)),
            "job": {"tenant": self.tenant, "kind": kind, "body": body, "environment": environment or {}},
        }
        worker = self.platform.accounts.worker(self.zone)
        done = _run([self.platform.layout.python, "-c", _WORKER], worker, json.dumps(request), CLEAN)
        assert done.returncode == 0, done.stderr[-2000:]
        answer = json.loads(done.stdout)
        return Output("\n".join(answer["lines"]), answer["problem"], answer["size"], answer["result"])

    def _directly(self, script: str, environment: Mapping[str, str]) -> Output:
        process = next(name for name in worker_names(self.platform, self.zone))
        given = {**airflow_environment(self.platform, process), **environment}
        done = _run(["bash", "-c", script], self.platform.os_user(self.tenant), "", given)
        problem = f"killed by signal {-done.returncode}" if done.returncode < 0 else ""
        return Output(done.stdout, problem, len(done.stdout), {"exit_code": done.returncode})

    def _heredoc(self, source: str) -> str:
        program = textwrap.dedent(source)
        return f"exec {self.platform.layout.python} -I - <<'END-OF-PROGRAM'\n{program}\nEND-OF-PROGRAM\n"


def worker_names(platform: Platform, zone: str) -> tuple[str, ...]:
    """Return the processes that work for the queues of *zone*."""
    return tuple(f"worker-{queue}" for queue in platform.queues_of(zone))


def _run(
    command: Sequence[Any], user: str | None, text: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=text,
        user=user,
        group=user,
        extra_groups=[],
        env=dict(environment),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


@dataclass(frozen=True)
class Live:
    """The platform, and what attackers and victims do in it."""

    platform: Platform

    def code(self, tenant: str, zone: str = ZONE) -> Code:
        """Return programs of *tenant*."""
        return Code(self.platform, tenant, zone)

    @cached_property
    def airflow(self) -> Airflow:
        """The administrator's access to Airflow."""
        return access.admin_access(self.platform)

    def user(self, tenant: str) -> Airflow:
        """Return the access of *tenant*'s editor, an example person of the platform's directory."""
        name = f"{tenant}-editor"
        password = self.platform.credentials.get(credentials.directory_person(name))
        return Airflow(self.platform.api_url, name, password)

    @cached_property
    def victim(self) -> int:
        """The number of a process of the victim, which holds the mark in its environment, memory and files."""
        assert self.started
        user = self.platform.os_user(VICTIM)
        return next(
            found.pid for found in psutil.process_iter(["username", "cmdline"]) if _holds(found, user)
        )

    @cached_property
    def started(self) -> Path:
        """The victim's file, once its task is at work and another one has left a result and a log."""
        file = self.platform.layout.homes / VICTIM / "data" / "kept.txt"
        wait_visible(self.airflow, {f"{VICTIM}.keeps", f"{VICTIM}.gives"}, print)
        self.airflow.trigger(f"{VICTIM}.keeps")
        self.ran(f"{VICTIM}.gives")
        assert wait_until(file.exists, LONGEST_SECONDS), "the victim's task does not start"
        return file

    def ran(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Return the id of a run of *dag_id* that has ended, well or not."""
        run = str(self.airflow.trigger(dag_id, conf or {})["dag_run_id"])
        ended = lambda: self.airflow.run(dag_id, run)["state"] in {"success", "failed"}  # noqa: E731
        assert wait_until(ended, LONGEST_SECONDS), f"{dag_id} does not end"
        return run

    def log_file(self, dag_id: str, run: str) -> Path:
        """Return the file with the log of the one task of *run*."""
        return next(
            self.platform.layout.task_logs.glob(f"queue=*/dag_id={dag_id}/run_id={run}/*/attempt=1.log")
        )

    def log_records(self, dag_id: str, run: str, task: str) -> list[dict[str, Any]]:
        """Return the log of a task as the web interface gets it: one record for each line."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run}/taskInstances/{task}/logs/1"
        found: list[dict[str, Any]] = self.ask(path)["content"]
        return found

    def ask(self, path: str) -> dict[str, Any]:
        """Return what the administrator is answered at *path*."""
        return self.airflow._get(path)

    @contextlib.contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        """Airflow's database, as its owner."""
        password = self.platform.credentials.get(credentials.POSTGRES_AIRFLOW)
        place = f"airflow:{password}@127.0.0.1:{self.platform.ports.postgres}/airflow"
        with psycopg.connect(f"postgresql://{place}", autocommit=True) as found:
            yield found

    def task_of(self, dag_id: str) -> str:
        """Return the id of a running task of *dag_id*, which is the victim's."""
        assert self.victim
        run = str(self.airflow.runs(dag_id, 1)[0]["dag_run_id"])
        return str(self.airflow.task_instances(dag_id, run)[0]["id"])

    @property
    def large_result(self) -> Path:
        """A result of the victim that is too large for the database."""
        assert self.started
        return next(file for file in self.platform.layout.results.rglob("*") if file.is_file())

    def keep_variable(self, tenant: str, name: str, value: str) -> None:
        """Write a variable of *tenant* into the secrets store."""
        path = names.variable_path(self.platform.environment.name, tenant, name)
        secrets_store.values(self.platform).write(path, {"value": value})

    def process(self, name: str) -> int:
        """Return the number of the supervised process *name*."""
        return int(supervision.client(self.platform.layout).processes()[name].pid)


def _holds(process: psutil.Process, user: str | None) -> bool:
    return process.info["username"] == user and "python" in " ".join(process.info["cmdline"] or ())
