"""What a job's process is and has."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from aerodrome_airflow.launcher.client import LauncherError, TenantCodeError
from launcher_under_test import Launcher, wait_for


def test_job_has_nothing_of_the_launchers_environment(launcher: Launcher) -> None:
    """Only the documented variables are there."""
    environment = launcher.call("whoami")["environment"]
    assert set(environment) == {"PATH", "HOME", "LANG", "TZ", "TMPDIR"}
    assert environment["HOME"] == str(launcher.folder / "alpha")


def test_task_and_configuration_add_to_the_environment(launcher: Launcher) -> None:
    """What the task declares wins over what the configuration says."""
    launcher.configure(alpha={"environment": {"FROM": "configuration", "ALSO": "this"}})
    lines: list[str] = []
    launcher.bash("echo $FROM $ALSO", lines, FROM="task")
    assert lines == ["task this"]


def test_job_holds_no_descriptor_of_the_launcher(launcher: Launcher) -> None:
    """Standard streams and the answer's channel; the other one is the listing itself."""
    assert launcher.call("whoami")["fds"] == ["0", "1", "2", "3", "4", "7"]


def test_job_can_gain_no_privileges(launcher: Launcher) -> None:
    """No capability is left, and setuid programs give none."""
    status = launcher.call("whoami")["status"]
    assert "NoNewPrivs:\t1" in status
    assert "CapEff:\t0000000000000000" in status
    assert "CapPrm:\t0000000000000000" in status


def test_files_of_a_job_are_its_own(launcher: Launcher) -> None:
    """Nobody else can read what a job writes."""
    assert launcher.call("whoami")["umask"] == 0o077


def test_each_tenant_runs_as_its_own_user(root_launcher: Launcher) -> None:
    """Two tenants, two users, none of them root and none in root's group."""
    for tenant, name in root_launcher.users.items():
        seen, entry = root_launcher.call("whoami", tenant), pwd.getpwnam(str(name))
        assert (seen["uid"], seen["gid"]) == (entry.pw_uid, entry.pw_gid)
        assert seen["uid"] and 0 not in seen["groups"]


def test_a_tenant_cannot_read_another_tenants_data(root_launcher: Launcher) -> None:
    """The file system's permissions are the boundary."""
    lines: list[str] = []
    outcome = root_launcher.bash(f"ls {root_launcher.folder}/beta/data", lines)
    assert outcome["exit_code"] != 0
    assert "Permission denied" in lines[0]


def test_a_tenant_without_a_user_never_runs_as_root(root_launcher: Launcher) -> None:
    """A configuration that forgets the user is refused, not obeyed."""
    root_launcher.configure(alpha={"user": None})
    with pytest.raises(LauncherError, match="never runs as root"):
        root_launcher.call("echo")
    root_launcher.configure(alpha={"user": "root"})
    with pytest.raises(LauncherError, match="is root"):
        root_launcher.call("echo")
    root_launcher.configure()


def test_temporary_folder_is_removed(launcher: Launcher) -> None:
    """What a job leaves below TMPDIR is gone after it."""
    folder = Path(launcher.call("temporary"))
    wait_for(lambda: not folder.exists())


def test_memory_limit_is_told_as_such(launcher: Launcher) -> None:
    """A function that needs more than the limit fails with a sentence about the limit."""
    launcher.configure(alpha={"limits": {"memory_bytes": 200 * 2**20}})
    assert launcher.call("eat", megabytes=20) == 20 * 2**20
    with pytest.raises(TenantCodeError, match=r"needed more memory than the tenant's `limits.memory`"):
        launcher.call("eat", megabytes=400)
    launcher.configure()


def test_processor_limit_holds(launcher: Launcher) -> None:
    """`cpus` is the number of processors that a job may use."""
    launcher.configure(alpha={"limits": {"cpus": 0.5}})
    assert launcher.call("processors") == 1
    launcher.configure()
    assert launcher.call("processors") == len(os.sched_getaffinity(0))


def test_process_limit_holds(root_launcher: Launcher) -> None:
    """A job cannot fill the machine with processes."""
    root_launcher.configure(alpha={"limits": {"processes": 20}})
    lines: list[str] = []
    root_launcher.bash("for i in $(seq 40); do sleep 5 & done; jobs -p | wc -l", lines)
    assert any("fork" in line for line in lines)
    root_launcher.configure()


def test_killed_by_a_signal_is_told_as_such(launcher: Launcher) -> None:
    """The error names the signal."""
    with pytest.raises(TenantCodeError, match="killed by SIGSEGV"):
        launcher.call("die", number=11)


def test_multiprocessing_works_in_every_way(launcher: Launcher) -> None:
    """A spawned process does not run the launcher's own text again."""
    assert launcher.call("spawned") == [1, 2]
