"""What a tenant's code or a stranger on the socket may try."""

from __future__ import annotations

import json
import os
import pwd
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aerodrome_airflow.launcher import protocol
from aerodrome_airflow.launcher.client import Job, LauncherError, TenantCodeError
from launcher_under_test import RUNTIME, Launcher, call, wait_for


def memory_of(pid: int) -> int:
    """Return the resident memory of *pid* in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def children_of(pid: int) -> list[int]:
    """Return the direct children of *pid*."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_huge_line_comes_in_pieces(launcher: Launcher) -> None:
    """A line of three megabytes is no line of three megabytes in the log."""
    lines: list[str] = []
    launcher.call("long_line", lines=lines, size=3 * 2**20)
    assert sum(map(len, lines)) == 3 * 2**20
    assert max(map(len, lines)) <= protocol.PIECE


def test_binary_output_is_escaped(launcher: Launcher) -> None:
    """Bytes that are no UTF-8 reach the log as escapes."""
    lines: list[str] = []
    launcher.call("binary", lines=lines)
    assert r"\xff" in "\n".join(lines)


def test_slow_reader_slows_the_job_and_fills_no_memory(launcher: Launcher) -> None:
    """A job that writes without end waits for the worker."""
    assert launcher.process is not None
    with _connected(launcher) as stream:
        stream.sendall(_request(Job("alpha", "bash", None, {"script": "yes"}, {})))
        time.sleep(1)
        keeper = children_of(launcher.process.pid)[-1]
        assert memory_of(keeper) < 64 * 2**20
    wait_for(lambda: keeper not in children_of(launcher.process.pid if launcher.process else 0))


def test_answer_beyond_the_limit_is_not_taken(launcher: Launcher) -> None:
    """Code that writes to the answer's channel by itself gains nothing."""
    code = "import os; [os.write(4, b'x' * 65536) for _ in range(64)]"
    with pytest.raises(TenantCodeError, match="more than 1,048,576 bytes"):
        _exec(launcher, code)


@pytest.mark.parametrize("answer", ["[1]", "nonsense", "{}", "[" * 100_000])
def test_strange_answer_fails_the_task(launcher: Launcher, answer: str) -> None:
    """An answer that is not the runner's is an error, never a value."""
    with pytest.raises(TenantCodeError, match=r"not JSON|without a result|more than"):
        _exec(launcher, f"import os; os.write(4, {answer!r}.encode()); os._exit(0)")


def _exec(launcher: Launcher, code: str) -> object:
    body = {**call("echo").body, "function": "builtins:exec", "args": {}}
    helper = (
        next((launcher.folder / "alpha/runtimes" / RUNTIME).glob("lib/python3.*/site-packages"))
        / "demo/hostile.py"
    )
    if not helper.exists():
        helper.write_text("def run(code):\n    exec(code, {})\n")
    body = {**body, "function": "demo.hostile:run", "args": {"code": code}}
    return launcher.launch().run(Job("alpha", "call", RUNTIME, body), lambda _: None)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        os.urandom(5000),
        struct.pack(">cI", b"J", 2**31),
        protocol.frame(b"J", b"[]"),
        protocol.frame(b"J", b"[" * 100_000),
        protocol.frame(b"J", json.dumps({"tenant": ["alpha"], "kind": {}}).encode()),
        protocol.frame(b"J", json.dumps({"tenant": "alpha", "kind": "call", "body": 1}).encode()),
        protocol.frame(
            b"J",
            json.dumps({"tenant": "alpha", "kind": "write", "body": {"path": "x", "size": "y"}}).encode(),
        ),
        protocol.frame(b"C"),
    ],
)
def test_nonsense_on_the_socket_harms_nothing(launcher: Launcher, sent: bytes) -> None:
    """The launcher goes on, and its keeper is gone."""
    with _connected(launcher) as stream:
        stream.sendall(sent)
        stream.shutdown(socket.SHUT_WR)
        while stream.recv(65536):
            pass
    assert launcher.call("echo", a=1) == {"a": 1}


def test_client_that_leaves_early_harms_nothing(launcher: Launcher) -> None:
    """Closing right after the request ends the job."""
    for _ in range(10):
        with _connected(launcher) as stream:
            stream.sendall(_request(call("sleep", seconds=600)))
    assert launcher.process is not None
    server = launcher.process.pid
    wait_for(lambda: not children_of(server))


def test_silent_client_blocks_nobody(launcher: Launcher) -> None:
    """A connection without a request does not keep others waiting."""
    with _connected(launcher):
        assert launcher.call("echo", a=1) == {"a": 1}


def test_frames_that_belong_to_no_job_end_it(launcher: Launcher) -> None:
    """A second request on a connection is an error of the client."""
    with _connected(launcher) as stream:
        stream.sendall(_request(call("sleep", seconds=600)) * 2)
        while stream.recv(65536):
            pass


def test_tenants_user_cannot_even_knock(root_launcher: Launcher) -> None:
    """Who can connect can keep the launcher busy with refusals."""
    code = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    command = [root_launcher.interpreter, "-c", code, str(root_launcher.socket)]
    user = root_launcher.users["alpha"]
    done = subprocess.run(command, user=user, capture_output=True, text=True, check=False, cwd="/")
    assert "PermissionError" in done.stderr


def test_only_named_users_may_connect(root_launcher: Launcher) -> None:
    """The kernel's word on who connects decides, whatever the socket's mode."""
    root_launcher.socket.chmod(0o666)
    stranger = pwd.getpwnam(str(root_launcher.users["alpha"]))
    code = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(10)\n"
        "print(s.recv(4096).decode())"
    )
    command = [root_launcher.interpreter, "-c", code, str(root_launcher.socket)]
    told = subprocess.run(command, user=stranger.pw_uid, capture_output=True, text=True, check=True, cwd="/")
    assert f"user {stranger.pw_uid} of process" in told.stdout
    assert "may not start jobs here" in told.stdout


def test_too_many_jobs_are_refused(launcher: Launcher) -> None:
    """A worker gone wild cannot start processes without end."""
    launcher.configure(max_jobs=0)
    with pytest.raises(LauncherError, match="0 jobs run already"):
        launcher.call("echo")
    launcher.configure()


def test_tenant_cannot_reach_its_keeper(root_launcher: Launcher) -> None:
    """The process that watches a job belongs to another user."""
    lines: list[str] = []
    root_launcher.bash("kill -9 $PPID; echo $?", lines)
    assert lines[-1] == "1"


def test_configuration_of_another_user_is_refused(launcher: Launcher, tmp_path: Path) -> None:
    """Whoever could write it would decide which user runs which code."""
    config = tmp_path / "launcher.json"
    config.write_text("{}")
    config.chmod(0o666)
    command = [sys.executable, "-m", "aerodrome_airflow.launcher.server", "--config", str(config)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "writable by nobody else" in told.stderr


def _connected(launcher: Launcher) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(20)
    stream.connect(str(launcher.socket))
    return stream


def _request(job: Job) -> bytes:
    from aerodrome_airflow.launcher.jobs import encode

    return protocol.frame(protocol.JOB, encode(job))
