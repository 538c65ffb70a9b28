"""Whatever touches a tenant's code, text or files asks the launcher: a walk over the catalogue."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.launcher import protocol
from aerodrome_airflow.launcher.jobs import Job, decode

from common_plugins.catalogue import entries, entry
from common_plugins.tenancy import LaunchingMixin
from common_plugins.triggers.tenant_file import TenantFileTrigger

RUNTIME = "0123456789abcdef"
PUT = {"SOURCE": "/data/alpha/x", "NAME": "x", "TARGET": "/2024-01-31", "FOLDER": "", "FORCE": ""}
GOT = {"TARGET": "/data/alpha/x", "NAME": "x", "SOURCE": "/in/2024-01-31", "COPY": "-get", "FORCE": "yes"}
# How to run each operator that works through the launcher, and the job that it must ask for.
WALK: dict[str, tuple[dict[str, Any], Job]] = {
    "bash.run": (
        {"script": "echo {{ ds }}", "env": {"DAY": "{{ ds }}"}, "runtime": RUNTIME},
        Job("alpha", "bash", RUNTIME, {"script": "echo 2024-01-31"}, {"DAY": "2024-01-31"}),
    ),
    "file.wait": (
        {"path": "in/{{ ds }}.csv", "mode": "poke"},
        Job("alpha", "stat", None, {"path": "in/2024-01-31.csv"}),
    ),
    "hdfs.get": (
        {"path": "/in/{{ ds }}", "file": "x"},
        Job("alpha", "bash", None, {}, GOT),
    ),
    "hdfs.put": (
        {"file": "x", "path": "/{{ ds }}", "overwrite": False},
        Job("alpha", "bash", None, {}, PUT),
    ),
    "hdfs.wait": (
        {"path": "/in/{{ ds }}"},
        Job("alpha", "bash", None, {}, {"WANTED": "/in/2024-01-31"}),
    ),
    "python.call": (
        {"function": "a.b:c", "args": {"day": "{{ ds }}"}, "env": {"X": "y"}, "runtime": RUNTIME},
        Job(
            "alpha",
            "call",
            RUNTIME,
            {"function": "a.b:c", "args": {"day": "2024-01-31"}, "connections": {}, "variables": {}},
            {"X": "y"},
        ),
    ),
    "spark.submit": (
        {"application": "a/b.py", "args": ["{{ ds }}"], "name": "n", "runtime": RUNTIME},
        Job("alpha", "spark", RUNTIME, {"application": "a/b.py", "arguments": ["2024-01-31"]}),
    ),
    "sql.chart": (
        {"connection": "warehouse", "sql": "SELECT 'a', 1", "file": "{{ ds }}.png"},
        Job("alpha", "write", None, {"path": "2024-01-31.png"}),
    ),
    "sql.load": (
        {
            "connection": "warehouse",
            "table": "t",
            "package_file": "a/b.csv",
            "create": {"x": "text"},
            "runtime": RUNTIME,
        },
        Job("alpha", "read", RUNTIME, {"root": "package", "path": "a/b.csv"}),
    ),
}  # fmt: skip
PROCESSES = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "subprocess.Popen",
)
ANSWERS: dict[str, Any] = {"stat": {"exists": True}, "write": {}, "call": 1, "read": {}}


class Notebook(threading.Thread):
    """A launcher that starts nothing: it notes the jobs and says that they went well."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.jobs: list[Job] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()

    def run(self) -> None:
        """Serve one connection after another."""
        while True:
            connection, _ = self._listener.accept()
            with connection:
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        frames = protocol.Frames(protocol.JOB_LIMIT)
        while received := connection.recv(protocol.PIECE):
            for letter, content in frames.feed(received):
                if letter == protocol.JOB:
                    self.jobs.append(decode(content))
                if letter in (protocol.JOB, protocol.CONTENT_ENDS) and self._has_all(letter):
                    connection.sendall(self._answer(self.jobs[-1].kind))
                    return

    def _has_all(self, letter: bytes) -> bool:
        return letter == protocol.CONTENT_ENDS or self.jobs[-1].kind != "write"

    def _answer(self, kind: str) -> bytes:
        ended = {"code": 0, "last_line": "", "result_too_long": False, "left_behind": 0}
        result = json.dumps({"value": ANSWERS.get(kind)}).encode()
        content = protocol.frame(protocol.DATA, b"x\nrow\n") if kind == "read" else b""
        return (
            content
            + protocol.frame(protocol.RESULT, result)
            + protocol.frame(protocol.EXIT, json.dumps(ended).encode())
        )


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """The launcher that Airflow's configuration names."""
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-walk-"))
    monkeypatch.setenv("AIRFLOW__AERODROME__LAUNCHER_SOCKET", str(folder / "socket"))
    monkeypatch.setenv("AIRFLOW__AERODROME__DATA_FOLDER", "/data/{tenant}")
    launcher = Notebook(folder / "socket")
    launcher.start()
    yield launcher
    shutil.rmtree(folder)


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that names a socket without a launcher."""
    monkeypatch.setenv("AIRFLOW__AERODROME__LAUNCHER_SOCKET", str(tmp_path / "nobody"))
    monkeypatch.setenv("AIRFLOW__AERODROME__DATA_FOLDER", "/data/{tenant}")


_watching: list[list[str]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event in PROCESSES:
        for seen in _watching:
            seen.append(f"{event}{arguments!r}")


@pytest.fixture(scope="module")
def _audited() -> None:
    # Python's own word on each process that is started; a hook stays for good, and notes nothing later.
    sys.addaudithook(_note)


@pytest.fixture
def started(_audited: None) -> Iterator[list[str]]:
    """The processes that this process starts meanwhile, by whatever means Python has."""
    seen: list[str] = []
    _watching.append(seen)
    yield seen
    _watching.remove(seen)


def test_the_walk_meets_every_operator_that_may_need_the_launcher(operators: Any) -> None:
    """A new entry that runs the tenant's code or text, or stands on the launcher, needs a line above."""
    needed = {
        name
        for name, one in entries().items()
        if one.runs_tenant_code or one.runs_tenant_text or issubclass(operators(name), LaunchingMixin)
    }
    assert needed | {"file.wait"} == set(WALK)
    assert {name for name, one in entries().items() if one.launches} == set(WALK)


@pytest.mark.parametrize("uses", WALK)
def test_the_job_arrives_at_the_launcher(
    run: Any, warehouse: Any, notebook: Notebook, started: list[str], uses: str
) -> None:
    """Rendered, with the tenant of the DAG and the task's own environment; the operator starts nothing itself."""
    parameters, wanted = WALK[uses]
    run(uses, **parameters)
    (job,) = notebook.jobs
    assert (job.tenant, job.kind, job.runtime) == (wanted.tenant, wanted.kind, wanted.runtime)
    assert job.environment == wanted.environment
    assert {key: job.body[key] for key in wanted.body} == wanted.body
    assert started == []


def test_a_deferred_wait_asks_the_launcher_too(notebook: Notebook, started: list[str]) -> None:
    """From the triggerer."""

    async def wait() -> None:
        await asyncio.wait_for(anext(aiter(TenantFileTrigger("alpha", "x", 1.0).run())), 10)

    asyncio.run(wait())
    assert [(job.tenant, job.kind, job.body) for job in notebook.jobs] == [("alpha", "stat", {"path": "x"})]
    assert started == []


@pytest.mark.parametrize("uses", WALK)
def test_a_dead_launcher_fails_the_task(
    run: Any, warehouse: Any, nobody: None, started: list[str], uses: str
) -> None:
    """There is no other way to run it."""
    with pytest.raises(Exception, match="the launcher does not answer"):
        run(uses, **WALK[uses][0])
    assert started == []


def test_what_the_walk_watches_for_would_be_seen(started: list[str]) -> None:
    """The watch works."""
    import subprocess

    subprocess.run(["true"], check=True)
    assert started and entry("bash.run").runs_tenant_text
