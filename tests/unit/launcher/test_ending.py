"""Nothing of a job outlives it, whoever dies first."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome_airflow.launcher.client import Launch, LauncherError
from launcher_under_test import Launcher, call, is_alive, wait_for


class Timeout(BaseException):
    """What Airflow raises in the middle of a task that takes too long."""


@pytest.fixture
def pid_file(launcher: Launcher) -> Iterator[Path]:
    """Where a detached process leaves its number; nothing of it may be alive after the test."""
    path = launcher.folder / "alpha/data/pid"
    path.unlink(missing_ok=True)
    yield path
    assert not is_alive(int(path.read_text()))


@contextlib.contextmanager
def timeout_on_line(expected: str) -> Iterator[list[str]]:
    """Give a list that takes lines and raises Timeout at *expected*."""

    class Lines(list[str]):
        def append(self, line: str) -> None:
            super().append(line)
            if line == expected:
                raise Timeout

    with pytest.raises(Timeout):
        yield Lines()


def test_normal_end_takes_what_was_left_behind(launcher: Launcher, pid_file: Path) -> None:
    """A daemon that a function starts ends with the function, and the log says so."""
    lines: list[str] = []
    launcher.call("detach", lines=lines, path=str(pid_file), seconds=0, ignore=True)
    assert lines[-1] == "processes that still ran after the end of the task, and were ended: 1"


@pytest.mark.parametrize("ignore", [False, True])
def test_timeout_ends_detached_processes_too(launcher: Launcher, pid_file: Path, ignore: bool) -> None:
    """An exception in the worker ends the whole tree before it goes on, ignored SIGTERM or not."""
    with timeout_on_line("detached") as lines:
        launcher.call("detach", lines=lines, path=str(pid_file), seconds=600, ignore=ignore)
    assert not is_alive(int(pid_file.read_text()))


def _worker(launcher: Launcher, path: Path) -> subprocess.Popen[str]:
    code = (
        "import sys; from pathlib import Path; from aerodrome_airflow.launcher.client import *\n"
        f"body = {{'function': 'demo.jobs:detach', 'connections': {{}}, 'variables': {{}}, "
        f"'args': {{'path': {str(path)!r}, 'seconds': 600, 'ignore': True}}}}\n"
        f"job = Job('alpha', 'call', '0123456789abcdef', body)\n"
        f"Launch(Path({str(launcher.socket)!r})).run(job, lambda line: print(line, flush=True))"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_killed_worker_leaves_no_orphan(launcher: Launcher, pid_file: Path) -> None:
    """kill -9 of the process that waits for the job ends the job's tree."""
    with _worker(launcher, pid_file) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "detached\n"
        worker.kill()
    wait_for(lambda: not is_alive(int(pid_file.read_text())))


def _keeper(launcher: Launcher) -> int:
    assert launcher.process is not None
    path = Path(f"/proc/{launcher.process.pid}/task/{launcher.process.pid}/children")
    return int(path.read_text().split()[-1])


def test_killed_keeper_leaves_no_orphan(launcher: Launcher, pid_file: Path) -> None:
    """Even kill -9 of the keeper ends what its job had detached: the server adopts and ends it."""
    launch, problems = launcher.launch(), []

    def run() -> None:
        try:
            launch.run(call("detach", path=str(pid_file), seconds=600, ignore=True), lambda _: None)
        except LauncherError as problem:
            problems.append(str(problem))

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: pid_file.exists() and pid_file.read_text())
    keeper = _keeper(launcher)
    os.kill(keeper, signal.SIGKILL)
    wait_for(lambda: not is_alive(int(pid_file.read_text())))
    wait_for(lambda: not list(Path(tempfile.gettempdir()).glob(f"aerodrome-job-{keeper}-*")))
    thread.join(20)
    assert problems == ["the launcher broke off the job: it was stopped or killed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_dead_server_leaves_no_orphan(launcher: Launcher, pid_file: Path, number: signal.Signals) -> None:
    """However the server ends, its jobs end, and a new one takes its place on the same socket."""
    assert launcher.process is not None
    with _worker(launcher, pid_file) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "detached\n"
        launcher.process.send_signal(number)
        assert worker.wait(20) != 0
    launcher.process.wait(20)
    wait_for(lambda: not is_alive(int(pid_file.read_text())))
    launcher.start_again()
    assert launcher.call("echo", a=1) == {"a": 1}


def test_cancelled_job_may_put_its_affairs_in_order(launcher: Launcher) -> None:
    """SIGTERM comes first, and a grace after it."""
    path = launcher.folder / "alpha/data/saved"
    with timeout_on_line("ready") as lines:
        launcher.call("save_on_term", lines=lines, path=str(path))
    assert path.read_text() == "saved"


def test_cancel_from_a_signal_handler_ends_the_job(launcher: Launcher) -> None:
    """What Airflow calls when a person clears a running task; the task then fails with a clear text."""
    launch = launcher.launch()
    threading.Timer(0.5, launch.cancel).start()
    with pytest.raises(LauncherError, match="the task's process was ended: it was cancelled"):
        launch.run(call("sleep", seconds=600), lambda _: None)


def test_cancel_without_a_job_does_nothing(launcher: Launcher) -> None:
    """Before and after a job there is nothing to end."""
    launch = launcher.launch()
    launch.cancel()
    launch.run(call("echo"), lambda _: None)
    launch.cancel()


def test_worker_without_a_parent_gives_up(launcher: Launcher, pid_file: Path) -> None:
    """A task whose supervisor was killed ends its job instead of running on for nobody."""
    code = (
        "import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', sys.argv[1]])\ntime.sleep(600)"
    )
    with _worker(launcher, pid_file) as template:
        inner = template.args[-1]  # type: ignore[index]
        template.kill()
    pid_file.unlink(missing_ok=True)
    with subprocess.Popen([sys.executable, "-c", code, str(inner)], stdout=subprocess.DEVNULL) as parent:
        wait_for(lambda: pid_file.exists() and pid_file.read_text())
        parent.kill()
    wait_for(lambda: not is_alive(int(pid_file.read_text())))


def test_processes_that_flee_by_forking_are_caught(launcher: Launcher) -> None:
    """A process that forks and ends without pause does not outrun its end."""
    code = "import os\nwhile True:\n    if os.fork(): os._exit(0)"
    launcher.bash(f"setsid python3 -c '{code}' & sleep 0.3")
    assert launcher.call("echo") == {}


def test_unreachable_launcher_is_named(tmp_path: Path) -> None:
    """The error names the socket that nobody serves."""
    with pytest.raises(LauncherError, match=r"does not answer at .*nobody: No such file"):
        Launch(tmp_path / "nobody").run(call("echo"), print)
