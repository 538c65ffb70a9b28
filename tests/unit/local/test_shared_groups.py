"""Who shares what with whom on one machine: groups of the operating system, and users that are not ours."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import UserError
from aerodrome.local.machine import accounts, ownership
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import folders
from aerodrome.local.release.preparation import without_foreign_users
from aerodrome.pipeline import Build, TenantBuild

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
ONE, OTHER = "aerodrome-ztestone", "aerodrome-ztesttwo"


@pytest.fixture
def users() -> Iterator[None]:
    """Two service users of a deployment that is gone afterwards."""
    accounts.ensure([ONE, OTHER], [], "test-of-groups")
    yield
    accounts.release([ONE, OTHER], "test-of-groups")


@AS_ROOT
def test_a_user_in_another_ones_group_is_no_obstacle_to_its_end(users: None) -> None:
    """The group goes with its user, so that the next deploy can make both again."""
    accounts.join({ONE: [OTHER]})
    accounts.join({ONE: [OTHER]})
    assert grp.getgrnam(ONE).gr_mem == [OTHER]
    assert accounts.release([ONE], "test-of-groups") == (ONE,)
    with pytest.raises(KeyError):
        grp.getgrnam(ONE)
    assert accounts.ensure([ONE], [], "test-of-groups") == (ONE,)


def reads(bundle: Path, user: str, groups: list[int]) -> bool:
    """Return whether *user* in *groups* reads the newest commit of *bundle*."""
    command = ["git", "-c", f"safe.directory={bundle}", "-C", str(bundle), "log"]
    who: dict[str, Any] = {"user": user, "group": user, "extra_groups": groups}
    done = subprocess.run(command, **who, capture_output=True, check=False, env={"PATH": "/usr/bin:/bin"})
    return done.returncode == 0


def test_who_reads_rendered_dags_and_who_asks_launchers() -> None:
    """The triggerer's user asks the launcher of its zone, and of no other; no tenant is in any group."""
    found = accounts.Accounts(root=True).memberships(["default", "pii"], ["default"])
    workers = ("aerodrome-default", "aerodrome-pii")
    shared = dict.fromkeys((accounts.BUNDLE_GROUP, accounts.RESULTS_GROUP), ("aerodrome", *workers))
    assert found == {**shared, "aerodrome-default": ("aerodrome",)}
    assert accounts.Accounts(root=False).memberships(["default"], ["default"]) == {}


@AS_ROOT
def test_rendered_dags_are_for_their_group_alone(
    platform: Platform, users: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenant's user cannot read how another tenant's tasks are called, nor by what."""
    monkeypatch.setattr(accounts, "BUNDLE_GROUP", ONE)
    place = Path(tempfile.mkdtemp(prefix="aerodrome-bundle-", dir="/var/tmp"))
    place.chmod(0o755)
    try:
        bundle = place / "bundle.git"
        folders._bundle(bundle)
        ownership.ensure_folder(
            bundle, *folders.of_bundle(replace(platform, layout=replace(platform.layout, root=True)))
        )
        folders._bundle(bundle)
        group = grp.getgrnam(ONE).gr_gid
        assert reads(bundle, OTHER, [group]) and not reads(bundle, OTHER, [])
    finally:
        shutil.rmtree(place)


@AS_ROOT
def test_a_tenant_called_like_a_user_of_the_system_is_left_out_and_told() -> None:
    """The others are deployed."""
    foreign = next(entry.pw_name[1:] for entry in pwd.getpwall() if entry.pw_name.startswith("_apt"))
    tenants = [TenantBuild(name, (), (), "{}") for name in (foreign, "ztestalpha")]
    found = without_foreign_users(Build(tuple(tenants)))
    assert [tenant.model for tenant in found.tenants] == ["", "{}"]
    (problem,) = found.problems
    assert problem.file == f"tenants/{foreign}" and "was not made by a deploy" in problem.message
    assert "rename the tenant's folder" in problem.remedy


def test_a_group_of_the_system_is_no_tenants_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user of that name could not be made beside it."""
    name = next(entry.gr_name for entry in grp.getgrall() if not _is_user(entry.gr_name))
    assert f"group {name} exists and was not made by a deploy" in accounts.why_foreign(name)
    with pytest.raises(UserError, match=name):
        accounts.missing([name])


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _running(user: str, *before: str, then: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    """Return a process of *user* that has written a line; what comes *before* is done as root, *then* as the user."""
    entry = pwd.getpwnam(user)
    change = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    command = [*before, *change, *then, "sh", "-c", "echo runs; exec sleep 600"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None and process.stdout.readline() == b"runs\n"
    return process


@AS_ROOT
def test_a_containers_processes_are_not_the_users_whose_number_they_bear(users: None) -> None:
    """Many images run as 999, which is also the first number that the system gives to a user."""
    uid = pwd.getpwnam(ONE).pw_uid
    own, hidden = _running(ONE), _running(ONE, "unshare", "--pid", "--fork", "--kill-child")
    try:
        assert accounts.kill_processes(uid) is True
        assert own.wait(10) == -9
        assert accounts.kill_processes(uid) is False and hidden.poll() is None
    finally:
        os.killpg(hidden.pid, signal.SIGKILL)
        hidden.wait()


@AS_ROOT
def test_who_hides_in_a_namespace_of_his_own_is_found(users: None) -> None:
    """For that a user needs to be another one there, which a container's processes are not."""
    hidden = _running(ONE, then=("unshare", "--user", "--pid", "--fork"))
    assert wait_until(lambda: not accounts.kill_processes(pwd.getpwnam(ONE).pw_uid), 10)
    assert hidden.wait(10)
