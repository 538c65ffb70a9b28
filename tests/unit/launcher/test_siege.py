"""What a tenant does to the processes that work in its name, and to the server: others must not notice."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aerodrome_airflow.launcher.client import Job, LauncherError
from launcher_under_test import Launcher, call, is_alive, wait_for

# Stops what the launcher starts in the name of this process's user, as fast as it can; $1 tells the launcher.
BESIEGE = """
exec python3 -c '
import os, signal, sys
print("besieging", flush=True)
while True:
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            if pid > os.getpid() and sys.argv[1] in open(f"/proc/{pid}/cmdline").read():
                os.kill(pid, signal.SIGSTOP)
        except OSError:
            pass
' "$LAUNCHER"
"""
FREEZER = Path("/sys/fs/cgroup/freezer")


def keepers_of(launcher: Launcher) -> list[int]:
    """Return the processes of the jobs that run."""
    assert launcher.process is not None
    path = Path(f"/proc/{launcher.process.pid}/task/{launcher.process.pid}/children")
    return [int(child) for child in path.read_text().split()]


@contextlib.contextmanager
def running(launcher: Launcher, job: Job, mark: str) -> Iterator[None]:
    """Have *job* run meanwhile, from the line *mark* on."""
    launch, begun = launcher.launch(), threading.Event()

    def run() -> None:
        with contextlib.suppress(LauncherError):
            launch.run(job, lambda line: begun.set() if line == mark else None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert begun.wait(20)
    try:
        yield
    finally:
        launch.cancel()
        thread.join(20)


def outcome(work: Callable[[], object]) -> str:
    """Return how *work* ends, which must not take long."""
    told: list[str] = []

    def run() -> None:
        try:
            told.append(repr(work()))
        except LauncherError as problem:
            told.append(str(problem))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(15)
    return told[0] if told else "it hangs"


@pytest.fixture
def besieged(root_launcher: Launcher) -> Iterator[Launcher]:
    """A launcher with little patience, one tenant of which stops all processes of its own user."""
    root_launcher.configure(look_seconds=1, idle_seconds=1, removal_seconds=0.3)
    # All that a user may stop are its own processes; the test spares those that are not the launcher's.
    code = {"LAUNCHER": f"{root_launcher.folder}/code"}
    with running(root_launcher, Job("alpha", "bash", None, {"script": BESIEGE}, code), "besieging"):
        yield root_launcher
    root_launcher.configure()
    wait_for(lambda: not keepers_of(root_launcher))
    for folder in re.findall(r"(/\S+) could not be removed", root_launcher.log):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (Job("alpha", "stat", None, {"path": "x"}), "did not end within 1 s"),
        (Job("alpha", "read", None, {"root": "data", "path": "x"}), "moved nothing for 1 s"),
        (Job("alpha", "write", None, {"path": "x", "size": 300_000}), "moved nothing for 1 s"),
    ],
)
def test_stopped_work_in_the_tenants_name_is_given_up(besieged: Launcher, job: Job, expected: str) -> None:
    """With a clear error, and its slot is free again: what clears up after it is not waited for either."""
    content = b"x" * 300_000 if job.kind == "write" else None
    # It may be faster than whoever stops it.
    wait_for(lambda: expected in outcome(lambda: besieged.launch().run(job, print, content=content)), 60)
    wait_for(lambda: len(keepers_of(besieged)) == 1)
    assert besieged.call("echo", "beta", a=1) == {"a": 1}


def test_slow_client_is_no_stopped_job(launcher: Launcher) -> None:
    """Who loads a file into a busy database reads slowly; the time without a byte is the job's alone."""
    data = launcher.folder / "alpha/data/large"
    data.write_bytes(b"x" * 4_000_000)
    data.chmod(0o644)
    launcher.configure(idle_seconds=0.5)
    size = 0
    for piece in launcher.launch().read(Job("alpha", "read", None, {"root": "data", "path": "large"}), print):
        time.sleep(1.2 if not size else 0)
        size += len(piece)
    launcher.configure()
    assert size == 4_000_000


def test_tenant_cannot_take_all_slots(launcher: Launcher) -> None:
    """Each tenant has a number of its own, and gets the slot back even of a job whose keeper was killed."""
    wait_for(lambda: not keepers_of(launcher))
    launcher.configure(max_jobs_per_tenant=1)
    with running(launcher, call("sleep", seconds=600), "sleeping"):
        assert outcome(lambda: launcher.call("echo")) == "1 jobs of tenant alpha run already"
        assert launcher.call("echo", "beta", a=1) == {"a": 1}
        os.kill(keepers_of(launcher)[0], signal.SIGKILL)
        wait_for(lambda: outcome(lambda: launcher.call("echo")) == "{}")
    launcher.configure()


def test_stranger_costs_no_process(root_launcher: Launcher) -> None:
    """Who may not ask is told so by the server itself."""
    assert root_launcher.process is not None
    root_launcher.socket.chmod(0o666)
    stranger = pwd.getpwnam(str(root_launcher.users["alpha"])).pw_uid
    code = (
        "import socket, sys\ns = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(4096))"
    )
    command = [root_launcher.interpreter, "-c", code, str(root_launcher.socket)]
    for _ in range(2):
        done = subprocess.run(command, user=stranger, capture_output=True, text=True, check=True, cwd="/")
        assert "may not start jobs here" in done.stdout
    # The server's own number, and once: knocking fills neither the slots nor the log.
    assert root_launcher.log.count(f"launcher[{root_launcher.process.pid}] refused: user {stranger}") == 1
    assert root_launcher.log.count(f"refused: user {stranger}") == 1


def test_connections_that_are_not_read_hold_nobody_up(root_launcher: Launcher) -> None:
    """A refusal is not waited for."""
    root_launcher.configure(max_jobs=0)
    with contextlib.ExitStack() as held:
        for _ in range(50):
            stream = held.enter_context(socket.socket(socket.AF_UNIX))
            stream.connect(str(root_launcher.socket))
        assert outcome(lambda: root_launcher.call("echo")) == "0 jobs run already"
        root_launcher.configure()
        assert root_launcher.call("echo", a=1) == {"a": 1}


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Have *pid* out of reach of every signal, as a process is that hangs in the kernel."""
    group = FREEZER / f"aerodrome-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        pytest.skip("needs a freezer")
    try:
        (group / "cgroup.procs").write_text(str(pid))
        (group / "freezer.state").write_text("FROZEN")
        yield
    finally:
        (group / "freezer.state").write_text("THAWED")
        wait_for(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


def test_process_that_cannot_be_killed_holds_nobody_up(root_launcher: Launcher) -> None:
    """A killed keeper's stray is looked after beside the other jobs, and ends when it can."""
    path = root_launcher.folder / "alpha/data/pid"
    path.unlink(missing_ok=True)
    job = call("detach", path=str(path), seconds=600, ignore=True)
    with running(root_launcher, job, "detached"), frozen(int(path.read_text())):
        stray = int(path.read_text())
        os.kill(keepers_of(root_launcher)[0], signal.SIGKILL)
        wait_for(lambda: stray in keepers_of(root_launcher))
        assert outcome(lambda: root_launcher.call("echo", a=1)) == "{'a': 1}"
        assert is_alive(stray)
    wait_for(lambda: not is_alive(stray))


def test_every_killed_keepers_folder_is_cleared(launcher: Launcher) -> None:
    """Also when keepers die while the server looks after what another one left."""
    with contextlib.ExitStack() as jobs:
        for _ in range(8):
            jobs.enter_context(running(launcher, call("sleep", seconds=600), "sleeping"))
        killed = keepers_of(launcher)
        for keeper in killed:
            os.kill(keeper, signal.SIGKILL)
            time.sleep(0.002)
        wait_for(lambda: not any(_folders(keeper) for keeper in killed))


def _folders(keeper: int) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"aerodrome-job-{keeper}-*"))
