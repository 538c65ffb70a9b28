"""Ending a deployment: what goes, what stays, what people are told of removed tenants, and what logs show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine import leftovers, state
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import ensure_folder, write_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.machine.state import Layout
from aerodrome.local.processes import lifecycle, supervision
from aerodrome.local.processes.topology import Process
from aerodrome.local.release import deploy, removed_tenants
from aerodrome_airflow.launcher.config import Patience as LauncherPatience
from aerodrome_airflow.launcher.server import SHUTDOWN_SECONDS

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
# As a launcher, whose jobs have a grace.
SLOW = """import pathlib, signal, sys, time
def end(*_):
    time.sleep(4)
    pathlib.Path(sys.argv[1]).touch()
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def layout(platform: Platform, tmp_path: Path) -> Layout:
    """A deployment with data, secrets and homes."""
    made = replace(platform.layout, repository=tmp_path / "repository", run=tmp_path / "run")
    (made.repository / ".aerodrome").mkdir(parents=True)
    (made.repository / ".aerodrome/local").symlink_to(made.state)
    (made.repository / ".venv").symlink_to(platform.layout.repository / ".venv")
    state.claim(made)
    for folder in (made.run, made.logs, made.config, made.secrets, made.homes / "alpha/data"):
        ensure_folder(folder, 0o700)
    return made


def start(layout: Layout, code: str, *arguments: str) -> None:
    """Start one process of the deployment."""
    program = layout.repository / "one.py"
    program.write_text(code)
    process = Process("one", (sys.executable, str(program), *arguments), None, layout.state, stop_seconds=1)
    write_file(supervision.configuration_file(layout), supervision.configuration(layout, [process]))
    supervision.ensure_running(layout)
    supervision.client(layout).start("one")


@pytest.fixture
def running(layout: Layout) -> Layout:
    """A deployment of one process that ends only when it must."""
    start(layout, STUBBORN)
    return layout


def test_destroy_leaves_nothing(running: Layout) -> None:
    """No process, no state, no socket, no link; a second time it has nothing to do."""
    processes = leftovers.find(running)
    said: list[str] = []
    lifecycle.destroy(running, said.append)
    lifecycle.destroy(running, said.append)
    assert len(processes) == 2 and not [
        p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE
    ]
    assert not running.state.exists() and not running.run.exists()
    assert list((running.repository / ".aerodrome").iterdir()) == []
    assert said[-1] == "nothing is deployed here"


def test_destroy_removes_what_jobs_left_whose_keeper_was_killed(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the machine's folder for temporary files; what belongs to a process that lives stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    gone = subprocess.Popen(["true"])
    gone.wait()
    for name in (f"aerodrome-job-{gone.pid}-x", f"aerodrome-job-{os.getpid()}-x", "aerodrome-job-other"):
        (tmp_path / "tmp" / name).mkdir(parents=True)
        (tmp_path / "tmp" / name / "file").touch()
    lifecycle.destroy(layout, print)
    left = {path.name for path in (tmp_path / "tmp").iterdir()}
    assert left == {f"aerodrome-job-{os.getpid()}-x", "aerodrome-job-other"}


def test_destroy_waits_for_a_launcher_to_end_its_jobs(layout: Layout, tmp_path: Path) -> None:
    """Longer than the jobs' own grace: what it killed before would leave them behind."""
    assert LauncherPatience().grace + SHUTDOWN_SECONDS < lifecycle.LAUNCHER_PATIENCE
    start(layout, SLOW, str(tmp_path / "ended"), lifecycle.LAUNCHER)
    assert wait_until(lambda: "up" in layout.process_log("one").read_text(), 10)
    lifecycle.destroy(layout, lambda _: None)
    assert (tmp_path / "ended").exists()


def test_down_keeps_all_data(running: Layout) -> None:
    """Only processes and sockets are gone."""
    lifecycle.down(running, lambda _: None)
    assert leftovers.find(running) == () and not running.supervisor_socket.exists()
    assert (running.homes / "alpha/data").is_dir() and running.secrets.is_dir()


# Tenants whose folder is gone.


@pytest.fixture
def left(platform: Platform) -> Platform:
    """A platform that is down, with files of a tenant that is none of its tenants."""
    for name in ("alpha", "gone"):
        ensure_folder(platform.layout.homes / name / "data", 0o700)
    ensure_folder(platform.layout.runtimes / "older", 0o700)
    write_file(platform.layout.homes / "note.txt", "no tenant")
    return platform


def test_what_removed_tenants_left_is_told(left: Platform) -> None:
    """One line each: what is kept and the command that deletes it; a tenant with a folder is not mentioned."""
    write_file(left.layout.homes / "gone/data/file", "text")
    ensure_folder(left.layout.secrets, 0o700)
    write_file(left.layout.secrets / "postgres-tenant-gone", "password")
    left.layout.config.mkdir()
    gone, older = removed_tenants.told(left, ("alpha",))
    kept = f"files in {left.layout.homes / 'gone'}, database tenant_gone, secrets local/tenants/gone"
    assert (
        gone
        == f"tenants/gone is gone, kept of it: {kept}; `make remove-tenant TENANT=gone ENV=local` deletes it"
    )
    assert older.startswith("tenants/older is gone, ") and "database" not in older


def test_nothing_is_deleted_where_not_all_of_it_can_be(left: Platform) -> None:
    """A database and secrets are deleted by servers that run."""
    left.layout.config.mkdir()
    with pytest.raises(
        AerodromeError, match=r"must run to delete what they hold\n    make deploy ENV=local first"
    ):
        removed_tenants.delete(left, "gone", lambda _: None)
    assert (left.layout.homes / "gone/data").is_dir()


def test_files_of_runs_without_a_platform_are_deleted(left: Platform) -> None:
    """Where nothing was ever deployed there is nothing else."""
    said: list[str] = []
    removed_tenants.delete(left, "gone", said.append)
    assert said == [f"deleted {left.layout.homes / 'gone'}"] and (left.layout.homes / "alpha").is_dir()
    assert [line.partition(" is gone")[0] for line in removed_tenants.told(left, ("alpha",))] == [
        "tenants/older"
    ]


@pytest.mark.parametrize(
    ("tenant", "told"),
    [
        ("alpha", "tenants/alpha exists\n    remove it, then make deploy ENV=local"),
        ("goen", "no removed tenant 'goen' has left anything here\n    did you mean 'gone'?"),
        ("../gone", "no removed tenant '../gone' has left anything here"),
    ],
)
def test_only_a_removed_tenant_can_be_deleted(
    place: Any, monkeypatch: pytest.MonkeyPatch, tenant: str, told: str
) -> None:
    """The user's mistake, told before anything is asked."""
    monkeypatch.setenv("AERODROME_STATE", place.environment["AERODROME_STATE"])
    place.tenant("alpha", "daily")
    (Path(place.environment["AERODROME_STATE"]) / "homes/gone/data").mkdir(parents=True)
    with pytest.raises(UserError, match=re.escape(told)):
        deploy.left_of_tenant(place.root, "local", tenant)
    assert "files in " in deploy.left_of_tenant(place.root, "local", "gone")


def test_nothing_is_deleted_without_a_yes(place: Any) -> None:
    """What would go is shown, and an empty answer means no."""
    data = Path(place.environment["AERODROME_STATE"]) / "homes/gone/data"
    data.mkdir(parents=True)
    done = place.run("remove-tenant", "gone", typed="\n")
    assert done.returncode == 1 and done.stdout.startswith("tenants/gone is gone, kept of it: files in ")
    assert "Delete all of this? [y/N]" in done.stdout and data.is_dir()


def test_a_plan_tells_what_removed_tenants_left(place: Any) -> None:
    """Though it would change nothing of it."""
    (Path(place.environment["AERODROME_STATE"]) / "homes/gone/data").mkdir(parents=True)
    place.tenant("alpha")
    told = place.run("plan").stdout
    assert "1 orphan: no folder in tenants/ and no line of the inventory has them any more" in told
    assert re.search(r"gone +files +gone +\S+/homes/gone +make remove-tenant TENANT=gone ENV=local", told), (
        told
    )


# Logs.


@pytest.fixture
def logged(place: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A deployment with the logs of two processes."""
    logs = Path(place.environment["AERODROME_STATE"]) / "logs"
    monkeypatch.setenv("AERODROME_STATE", str(logs.parent))
    logs.mkdir(parents=True)
    for name in ("redis", "scheduler"):
        (logs / f"{name}.log").write_text(
            "".join(f"{name} {number} [b]x[/b] :bug:\n" for number in range(30))
        )
    return place


def test_the_end_of_each_log_is_shown(logged: Any) -> None:
    """Each behind its path, in as many lines as asked for."""
    found = list(deploy.logs_local(logged.root, "local", None, 2))
    assert [Path(line.removeprefix("==> ")).name for line in found[::2]] == ["redis.log", "scheduler.log"]
    assert found[3].splitlines() == [f"scheduler {number} [b]x[/b] :bug:" for number in (28, 29)]


def test_one_log_is_shown_as_it_is(logged: Any) -> None:
    """Nothing in it is taken for markup."""
    done = logged.run("logs", "redis", "--lines", "1")
    assert done.stdout.splitlines()[1:] == ["redis 29 [b]x[/b] :bug:"]


def test_a_log_that_is_not_there_is_told(logged: Any) -> None:
    """With the nearest name."""
    with pytest.raises(UserError, match=r"no log of a process 'shceduler'\n    did you mean 'scheduler'"):
        list(deploy.logs_local(logged.root, "local", "shceduler", 2))
