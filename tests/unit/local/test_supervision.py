"""The process supervisor with small programs in the place of servers."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from aerodrome.clients.supervisor import Supervisor
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import leftovers
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import ensure_folder, write_file
from aerodrome.local.machine.state import Layout
from aerodrome.local.processes import supervision
from aerodrome.local.processes.topology import Process

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def program(name: str, folder: Path, code: str = "import time; time.sleep(600)", mark: str = "") -> Process:
    """Return a process that runs Python text."""
    return Process(name, (sys.executable, "-c", code), None, folder, code=mark, stop_seconds=1)


def deploy(layout: Layout, *processes: Process) -> tuple[list[str], list[str], list[str]]:
    """Bring the supervisor to exactly *processes* and start what is down."""
    write_file(supervision.configuration_file(layout), supervision.configuration(layout, processes))
    supervision.ensure_running(layout)
    supervisor = supervision.client(layout)
    added, changed, removed = supervisor.reload()
    supervisor.stop([*changed, *removed])
    for name in (*changed, *removed):
        supervisor.remove(name)
    for process in processes:
        if process.name not in supervisor.processes():
            supervisor.add(process.name)
        if not supervisor.processes()[process.name].pid:
            supervisor.start(process.name)
    assert wait_until(lambda: all(state.pid for state in supervisor.processes().values()), 10)
    return added, changed, removed


@pytest.fixture
def layout(repository: Path, tmp_path: Path) -> Iterator[Layout]:
    """The folders of a deployment with short paths; whatever runs at the end is ended."""
    made = Layout(repository, tmp_path, tmp_path / "run", root=False)
    for folder in (made.run, made.logs, made.config):
        ensure_folder(folder, 0o700)
    yield made
    supervision.shut_down(made)


def pids(layout: Layout) -> dict[str, int]:
    """Return the supervised processes and their pids."""
    return {name: state.pid for name, state in supervision.client(layout).processes().items()}


def supervisor_pid(layout: Layout) -> int:
    """Return the pid of the supervisor."""
    return next(process.pid for process in leftovers.find(layout) if os.getsid(process.pid) == process.pid)


def runs(pid: int) -> bool:
    """Return whether *pid* is at work: the dead whom nobody collected yet do not count."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_only_what_changed_is_restarted(layout: Layout, tmp_path: Path) -> None:
    """A process whose program changed gets a new pid, its neighbour keeps its own."""
    one, two = program("one", tmp_path), program("two", tmp_path)
    deploy(layout, one, two)
    before = pids(layout)
    assert deploy(layout, one, replace(two, code="changed")) == ([], ["two"], [])
    after = pids(layout)
    assert after["one"] == before["one"] and after["two"] != before["two"]


def test_what_is_asked_for_no_more_is_ended(layout: Layout, tmp_path: Path) -> None:
    """A process that left the configuration is stopped, also when it ignores the polite signal."""
    deploy(layout, program("one", tmp_path), program("two", tmp_path, STUBBORN))
    gone = pids(layout)["two"]
    deploy(layout, program("one", tmp_path))
    assert list(pids(layout)) == ["one"] and not runs(gone)


def test_a_processs_log_is_private(layout: Layout, tmp_path: Path) -> None:
    """What a process prints is for the deploying user alone."""
    deploy(layout, program("one", tmp_path, "import time; print('secret', flush=True); time.sleep(600)"))
    assert wait_until(lambda: "secret" in layout.process_log("one").read_text(), 10)
    assert stat.S_IMODE(layout.process_log("one").stat().st_mode) == 0o600


def test_a_killed_process_is_started_again(layout: Layout, tmp_path: Path) -> None:
    """The supervisor replaces what somebody killed."""
    deploy(layout, program("one", tmp_path))
    before = pids(layout)["one"]
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: pids(layout)["one"] not in (0, before), 10)


def test_children_of_a_dead_supervisor_are_ended_before_a_new_one_starts(
    layout: Layout, tmp_path: Path
) -> None:
    """There are never two of a process: the orphan is gone, its successor runs."""
    one = program("one", tmp_path, STUBBORN)
    deploy(layout, one)
    orphan = pids(layout)["one"]
    os.kill(supervisor_pid(layout), signal.SIGKILL)
    assert runs(orphan)
    deploy(layout, one)
    assert not runs(orphan) and runs(pids(layout)["one"])


def test_a_foreign_process_with_the_old_pid_is_left_alone(layout: Layout) -> None:
    """A pid alone proves nothing: the start time must fit as well."""
    leftovers.note(layout, os.getppid())
    text = (layout.config / "supervisor.json").read_text()
    started = psutil.Process(os.getppid()).create_time()
    write_file(layout.config / "supervisor.json", text.replace(str(started), str(started - 500)))
    assert leftovers.find(layout) == () and not leftovers.supervisor_alive(layout)


def test_after_a_restart_of_the_machine_nothing_is_ended(layout: Layout) -> None:
    """Numbers of another boot mean nothing."""
    leftovers.note(layout, os.getpid())
    path = layout.config / "supervisor.json"
    path.write_text(path.read_text().replace(leftovers._boot(), "another-boot"))
    assert leftovers.find(layout) == ()


def test_stopping_leaves_nothing(layout: Layout, tmp_path: Path) -> None:
    """After a shutdown neither supervisor nor process nor socket is left, and a second one is no mistake."""
    deploy(layout, program("one", tmp_path))
    everything = [supervisor_pid(layout), pids(layout)["one"]]
    supervision.shut_down(layout)
    supervision.shut_down(layout)
    assert not layout.supervisor_socket.exists()
    assert not any(runs(pid) for pid in everything)


def test_a_supervisor_that_cannot_start_says_why(layout: Layout) -> None:
    """The error carries the supervisor's own words."""
    write_file(supervision.configuration_file(layout), "[supervisord]\nlogfile = /nowhere/log\n")
    with pytest.raises(AerodromeError, match=r"did not start[\s\S]*nowhere"):
        supervision.ensure_running(layout)


def test_waiting_for_an_end_ends(layout: Layout, tmp_path: Path) -> None:
    """A process that stays in spite of everything is named."""
    stubborn = STUBBORN.replace("time.sleep", "print('up', flush=True); time.sleep")
    deploy(layout, replace(program("one", tmp_path, stubborn), stop_seconds=60))
    assert wait_until(lambda: "up" in layout.process_log("one").read_text(), 10)
    with pytest.raises(AerodromeError, match="one did not end within 0 s"):
        supervision.client(layout).stop(["one"], seconds=0.3)
    os.kill(pids(layout)["one"], signal.SIGKILL)


# Keeps about fifty processes, each of which ends after a short time.
BUSY = """import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("up", flush=True)
while True:
    if not os.fork():
        time.sleep(0.05)
        os._exit(0)
    time.sleep(0.0005)
"""


def test_processes_that_come_and_go_while_they_are_ended(layout: Layout, tmp_path: Path) -> None:
    """One that ended by itself in the meantime is no fault."""
    (tmp_path / "busy.py").write_text(BUSY)
    busy = [
        Process(name, (sys.executable, str(tmp_path / "busy.py")), None, tmp_path) for name in ("one", "two")
    ]
    for _ in range(3):
        deploy(layout, *busy)
        logs = [layout.process_log(process.name) for process in busy]
        assert wait_until(lambda: all("up" in log.read_text() for log in logs), 10)  # noqa: B023
        assert leftovers.end(layout) > 1
        for log in logs:
            log.unlink()
    assert leftovers.find(layout) == ()


def test_a_supervisor_that_hangs_does_not_answer(layout: Layout, tmp_path: Path) -> None:
    """Nobody waits for it for ever."""
    deploy(layout, program("one", tmp_path))
    pid = supervisor_pid(layout)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(AerodromeError, match="does not answer: timed out"):
            Supervisor(layout.supervisor_socket, seconds=0.5).processes()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert supervision.client(layout).answers()
