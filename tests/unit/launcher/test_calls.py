"""Arguments in, result or error out, lines on the way."""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.launcher.client import Job, LauncherError, TenantCodeError
from launcher_under_test import RUNTIME, Launcher, call


def test_json_arrives_unaltered_both_ways(launcher: Launcher) -> None:
    """Whatever JSON can say comes back as it went."""
    values = {
        "text": "ü\n\t\"'\u2028\0",
        "number": 1.5,
        "none": None,
        "deep": [{"a": [True]}],
        "large": 10**20,
    }
    assert launcher.call("echo", **values) == values


def test_connections_and_variables_come_when_declared(launcher: Launcher) -> None:
    """A function that declares the names gets them; another one is not bothered with them."""
    job = call("greet", name="x")
    given = {**job.body, "connections": {"db": {"host": "h"}}, "variables": {"v": "1"}}
    assert launcher.launch().run(replace(job, body=given), print) == ["x", {"db": {"host": "h"}}, {"v": "1"}]
    plain = {**call("echo").body, "connections": {"db": {}}}
    assert launcher.launch().run(replace(job, body=plain), print) == {}


def test_lines_of_both_streams_reach_the_log_in_order(launcher: Launcher) -> None:
    """Each line is one line of the log, an empty one too."""
    lines: list[str] = []
    launcher.launch().run(call("say", lines=["a", "", "ä"]), lines.append)
    assert lines == ["a", "", "ä", "trouble"]


@pytest.mark.parametrize(
    ("function", "args", "text"),
    [
        ("fail", {"message": "boo"}, r"^ValueError: boo$"),
        ("fail", {"message": "x" * 5000}, r"^ValueError: x{1988} …$"),
        ("fail", {}, "do not fit demo.jobs:fail: missing a required argument: 'message'"),
        ("fail", {"message": "", "other": 1}, "got an unexpected keyword argument 'other'"),
        ("nothing", {}, "'demo.jobs' has no function 'nothing'"),
        ("strange", {}, "the result is not JSON: Object of type set"),
        ("leave", {}, "the function ended its process: exit code 3"),
        ("big", {"size": 2**21}, "bytes of JSON; 1,048,576 at most"),
    ],
)
def test_failure_is_one_short_text(
    launcher: Launcher, function: str, args: dict[str, Any], text: str
) -> None:
    """The task's error says what happened, without a traceback."""
    with pytest.raises(TenantCodeError, match=text):
        launcher.call(function, **args)


def test_traceback_in_the_log_shows_tenant_code_only(launcher: Launcher) -> None:
    """The machinery's own frames do not stand in it."""
    lines: list[str] = []
    with pytest.raises(TenantCodeError):
        launcher.call("fail", lines=lines, message="boo")
    frames = [line for line in lines if line.startswith("  File")]
    assert len(frames) == 1
    assert "demo/jobs.py" in frames[0]


@pytest.mark.parametrize(
    ("module", "text"), [("demo.nothing", "module 'demo.nothing'"), ("nowhere.at", "module 'nowhere'")]
)
def test_missing_module_is_named(launcher: Launcher, module: str, text: str) -> None:
    """The error says which part of the name does not exist."""
    body = {**call("echo").body, "function": f"{module}:run"}
    with pytest.raises(TenantCodeError, match=text):
        launcher.launch().run(Job("alpha", "call", RUNTIME, body), print)


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (replace(call("echo"), tenant="gamma"), "tenant 'gamma' is not known"),
        (replace(call("echo"), runtime="f" * 16), "ffffffffffffffff of tenant alpha is not on this machine"),
        (replace(call("echo"), runtime="../../../etc/x"), "not the digest of a virtual environment"),
        (replace(call("echo"), runtime=None), "tenant alpha has no `dependencies`"),
        (replace(call("echo"), environment={"A=B": "x"}), "'A=B' is not an environment variable"),
        (Job("alpha", "call", RUNTIME, {}), "a job of kind call needs 'function'"),
        (Job("alpha", "spark", RUNTIME, {"options": [], "application": "a", "arguments": []}), "add pyspark"),
    ],
)
def test_job_that_cannot_start_says_why(launcher: Launcher, job: Job, text: str) -> None:
    """A wrong request is refused before any process of the tenant starts."""
    with pytest.raises(LauncherError, match=text):
        launcher.launch().run(job, print)


def test_unserialisable_arguments_are_refused_before_they_travel(launcher: Launcher) -> None:
    """Arguments beyond the limit do not reach the launcher."""
    with pytest.raises(LauncherError, match="4,194,304 at most"):
        launcher.call("echo", text="x" * 2**22)


def test_script_tells_its_exit_code_and_last_line(launcher: Launcher) -> None:
    """A script's own failure is the task's to judge."""
    lines: list[str] = []
    assert launcher.bash("echo one; echo two; exit 7", lines) == {"exit_code": 7, "last_line": "two"}
    assert lines == ["one", "two"]


def test_mistake_in_a_script_is_told_by_line(launcher: Launcher) -> None:
    """bash names the script and the line."""
    lines: list[str] = []
    launcher.bash("true\nnonsense", lines)
    assert lines == ["script: line 2: nonsense: command not found"]


def test_script_reads_no_input(launcher: Launcher) -> None:
    """A command that waits for input gets its end at once."""
    assert launcher.bash("cat; echo done")["last_line"] == "done"


def test_jobs_run_side_by_side(launcher: Launcher) -> None:
    """Six jobs, each of which ends only after all of them have begun."""
    with socket.create_server(("127.0.0.1", 0)) as meeting, ThreadPoolExecutor(6) as pool:
        meeting.settimeout(60)
        command = f"cat < /dev/tcp/127.0.0.1/{meeting.getsockname()[1]}; echo met"
        jobs = [pool.submit(launcher.bash, command) for _ in range(6)]
        for guest in [meeting.accept()[0] for _ in jobs]:
            guest.close()
        assert {job.result()["last_line"] for job in jobs} == {"met"}


def test_new_tenant_needs_no_restart(launcher: Launcher) -> None:
    """The configuration is read again when it changes; a broken one leaves the last in force."""
    launcher.configure(tenants={"gamma": launcher.tenant("alpha")})
    assert launcher.call("echo", "gamma", a=1) == {"a": 1}
    launcher.config.write_text("{")
    assert launcher.call("echo", "gamma", a=1) == {"a": 1}
    launcher.configure()
    with pytest.raises(LauncherError, match="not known"):
        launcher.call("echo", "gamma")


def test_runner_speaks_old_python(repository: Path) -> None:
    """The oldest interpreter that a tenant may have reads it, and it needs the standard library only."""
    tree = ast.parse(
        (repository / "platform/aerodrome_airflow/launcher/runner.py").read_text(), feature_version=(3, 9)
    )
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {getattr(node, "module", None) or node.names[0].name for node in imports}
    assert modules <= sys.stdlib_module_names


def test_servers_side_needs_the_standard_library_only(repository: Path) -> None:
    """It may run as root: nothing foreign is loaded into it."""
    code = "import aerodrome_airflow.launcher.server, sys; print(*sys.modules)"
    path = f"import sys; sys.path.insert(0, {str(repository / 'platform')!r})"
    command = [sys.executable, "-I", "-S", "-c", f"{path}; {code}"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert {name.partition(".")[0] for name in loaded} <= {
        *sys.stdlib_module_names,
        "aerodrome_airflow",
        "__main__",
    }
