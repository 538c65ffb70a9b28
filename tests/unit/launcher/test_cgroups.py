"""Limits that hold for all processes of a job together: whoever goes beyond them harms its own task alone."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.launcher.cgroups import launcher_name
from aerodrome_airflow.launcher.client import LauncherError, TenantCodeError
from launcher_under_test import Launcher, call, is_alive, running, wait_for

# What a launcher sees in many containers. For the mounts as this process sees them: the machine's own stay as they are.
READ_ONLY = """
while read -r _ place kind _; do
  case $kind in cgroup|cgroup2) mount -o remount,bind,ro "$place" || exit 9;; esac
done < /proc/self/mounts
exec "$@"
"""
SMALL = {"limits": {"memory_bytes": 200 * 2**20, "processes": 40, "cpus": 1}}


@pytest.fixture
def limited(root_launcher: Launcher) -> Iterator[Launcher]:
    """A launcher whose tenant alpha may take 200 MiB and 40 processes in each job."""
    if json.loads((root_launcher.folder / "launcher.sock.limits").read_text())["missing"]:
        pytest.skip("needs cgroups that can be written")
    root_launcher.configure(alpha=SMALL)
    yield root_launcher
    root_launcher.configure()


@contextlib.contextmanager
def beside(launcher: Launcher, function: str, tenant: str = "alpha", **args: Any) -> Iterator[list[Any]]:
    """Have another job run meanwhile; gives a list that holds how it ended after the block."""
    ended: list[Any] = []

    def run() -> None:
        try:
            ended.append(launcher.call(function, tenant, **args))
        except (TenantCodeError, LauncherError) as problem:
            ended.append(problem)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield ended
    thread.join(30)


def groups_of(launcher: Launcher) -> set[Path]:
    """Return the groups of the jobs of *launcher* in all hierarchies."""
    return set(Path("/sys/fs/cgroup").glob(f"**/{launcher_name(launcher.socket)}/job-*"))


def test_memory_of_all_processes_together_is_limited(limited: Launcher) -> None:
    """Four times half of the limit is too much: the job is ended whole and told so, and others notice nothing."""
    with (
        beside(limited, "hold", megabytes=90) as sibling,
        beside(limited, "hold", "beta", megabytes=90) as other,
    ):
        expected = (
            r"killed: used more than its limit of 200 MiB.*raise limits.memory in tenants/alpha/tenant.yaml"
        )
        with pytest.raises(TenantCodeError, match=expected):
            limited.call("eat_together", megabytes=100, processes=4)
    assert sibling == [90 * 2**20] and other == [90 * 2**20]


def test_memory_within_the_limit_is_given(limited: Launcher) -> None:
    """Two processes of 60 MiB fit into 200."""
    assert limited.call("eat_together", megabytes=60, processes=2) == 120 * 2**20


def test_without_cgroups_each_process_has_the_limit_for_itself(root_launcher: Launcher) -> None:
    """What the group is for: the same job takes twice its limit where the configuration wants no groups."""
    with restarted(root_launcher, cgroups=False, alpha=SMALL):
        assert root_launcher.call("eat_together", megabytes=100, processes=4) == 400 * 2**20
        assert "limit of memory: only each process by itself" in root_launcher.log


def test_script_that_takes_too_much_is_told_so(limited: Launcher) -> None:
    """A shell's own exit code says nothing of memory."""
    script = (
        "for n in 1 2 3 4; do python3 -c 'import time; x = b\"x\" * 100_000_000; time.sleep(5)' & done; wait"
    )
    with pytest.raises(TenantCodeError, match="limit of 200 MiB"):
        limited.bash(script)


def test_fork_bomb_is_bounded_and_gone_afterwards(limited: Launcher) -> None:
    """Whatever left its session and parent counts, a sibling starts processes all the same, and nothing is left."""
    full = limited.folder / "alpha/data/full"
    full.unlink(missing_ok=True)
    launch = limited.launch()
    thread = threading.Thread(target=lambda: _quietly(launch, call("multiply", path=str(full))), daemon=True)
    thread.start()
    wait_for(full.exists)
    (bomb,) = {path for path in groups_of(limited) if (path / "pids.current").exists()}
    held = {int(pid) for pid in (bomb / "cgroup.procs").read_text().split()}
    assert len(held) > 10 and int((bomb / "pids.current").read_text()) <= 40
    assert limited.call("spawned") == [1, 2] and limited.call("spawned", "beta") == [1, 2]
    launch.cancel()
    thread.join(20)
    assert not any(is_alive(pid) for pid in held)
    wait_for(lambda: not bomb.exists())


def _quietly(launch: Any, job: Any) -> None:
    with contextlib.suppress(LauncherError):
        launch.run(job, lambda _: None)


def test_refused_processes_are_told(limited: Launcher) -> None:
    """In the log, and in the error of a function that failed for it."""
    lines: list[str] = []
    limited.bash("for i in $(seq 60); do sleep 3 & done 2>/dev/null; exit 0", lines)
    assert any("limit of 40 processes and threads" in line for line in lines)
    with pytest.raises(
        TenantCodeError, match=r"BlockingIOError.*limit of 40 processes and threads: \d+ more"
    ):
        limited.call("busy", processes=80, seconds=0.1)


def test_processor_time_is_limited(limited: Launcher) -> None:
    """Half a core for three processes that would take more."""
    limited.configure(alpha={"limits": {"cpus": 0.5}})
    assert limited.call("busy", processes=3, seconds=1) < 0.9


def test_nothing_of_a_job_or_launcher_stays(limited: Launcher) -> None:
    """A job's group goes with it, and the launcher's with the launcher."""
    limited.call("echo")
    wait_for(lambda: not groups_of(limited))
    parents = list(Path("/sys/fs/cgroup").glob(f"**/{launcher_name(limited.socket)}"))
    assert parents
    limited.stop()
    assert not any(path.exists() for path in parents)
    limited.start_again()


def test_killed_keepers_group_is_cleared(limited: Launcher) -> None:
    """With what was in it."""
    pid = detached(limited)
    (keeper,) = keepers(limited)
    os.kill(keeper, signal.SIGKILL)
    wait_for(lambda: not is_alive(pid) and not groups_of(limited))


def test_what_a_killed_launcher_left_is_cleared_by_the_next(limited: Launcher) -> None:
    """Server and keeper killed at once leave a process to the machine; another launcher's groups are not touched."""
    pid = detached(limited)
    (keeper,) = keepers(limited)
    job = min(groups_of(limited))
    foreign = job.parent.with_name("aerodrome-launcher-of-another")
    foreign.mkdir()
    try:
        assert limited.process is not None
        os.kill(keeper, signal.SIGSTOP)
        limited.process.kill()
        os.kill(keeper, signal.SIGKILL)
        limited.process.wait(20)
        assert is_alive(pid) and job.exists()
        limited.start_again()
        assert not is_alive(pid) and not job.exists() and foreign.exists()
    finally:
        foreign.rmdir()
        # Whoever was killed clears nothing away; a deploy does.
        for folder in Path(tempfile.gettempdir()).glob(f"aerodrome-job-{keeper}-*"):
            shutil.rmtree(folder)


def detached(launcher: Launcher) -> int:
    """Return a process that a running job has detached from itself."""
    path = launcher.folder / "alpha/data/pid"
    path.unlink(missing_ok=True)
    job = call("detach", path=str(path), seconds=600, ignore=True)
    threading.Thread(target=lambda: _quietly(launcher.launch(), job), daemon=True).start()
    wait_for(lambda: path.exists() and path.read_text())
    return int(path.read_text())


def keepers(launcher: Launcher) -> list[int]:
    """Return the processes of the jobs that run."""
    assert launcher.process is not None
    path = Path(f"/proc/{launcher.process.pid}/task/{launcher.process.pid}/children")
    return [int(child) for child in path.read_text().split()]


@contextlib.contextmanager
def restarted(launcher: Launcher, *prefix: str, **settings: Any) -> Iterator[None]:
    """Have the launcher run with other settings, started by *prefix*, and as before afterwards."""
    _restart(launcher, prefix, settings)
    try:
        yield
    finally:
        _restart(launcher, (), {})


def _restart(launcher: Launcher, prefix: tuple[str, ...], settings: dict[str, Any]) -> None:
    launcher.stop()
    (launcher.folder / "log").write_text("")
    launcher.configure(**settings)
    launcher.prefix = prefix
    launcher.start_again()


def test_cgroups_that_cannot_be_written_are_told_and_done_without(root_launcher: Launcher) -> None:
    """As in many containers: rlimits hold, and log and report say which limits these are."""
    prefix = ("unshare", "--mount", "--propagation", "private", "sh", "-c", READ_ONLY, "--")
    with restarted(root_launcher, *prefix, alpha=SMALL):
        said = json.loads((root_launcher.folder / "launcher.sock.limits").read_text())
        assert said["enforced"] == {} and set(said["missing"]) == {"memory", "pids", "cpu"}
        assert "Read-only file system" in said["missing"]["memory"]
        assert root_launcher.log.count("limit of memory: only each process by itself") == 1
        with pytest.raises(TenantCodeError, match="needed more memory"):
            root_launcher.call("eat", megabytes=400)


def test_launcher_without_root_makes_no_groups(repository: Path, spare_users: tuple[str, ...]) -> None:
    """It says so, and its jobs run."""
    with running("ordinary", repository, spare_users) as launcher:
        said = json.loads((launcher.folder / "launcher.sock.limits").read_text())
        assert set(said["missing"].values()) == {"the launcher is not root"}
        assert launcher.call("echo", a=1) == {"a": 1}


def test_launcher_that_cannot_start_leaves_no_group(limited: Launcher, tmp_path: Path) -> None:
    """What it had made before it found out is gone."""
    settings = {"socket": str(tmp_path / "s"), "tenants": {}, "socket_group": "no-such-group"}
    (tmp_path / "launcher.json").write_text(json.dumps(settings))
    (tmp_path / "launcher.json").chmod(0o600)
    command = [
        sys.executable,
        "-m",
        "aerodrome_airflow.launcher.server",
        "--config",
        tmp_path / "launcher.json",
    ]
    assert subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 1
    assert not list(Path("/sys/fs/cgroup").glob(f"**/{launcher_name(tmp_path / 's')}"))
