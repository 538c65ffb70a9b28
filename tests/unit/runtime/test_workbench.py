"""Tests and locks work as root before anything was deployed, and never as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome.errors import UserError
from aerodrome.local.loop import workbench
from aerodrome.local.machine import accounts, state

TENANT = "benchtest"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository whose state is where every user comes; the users made for it are removed."""
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-workbench-"))
    folder.chmod(0o755)
    monkeypatch.setenv("AERODROME_STATE", str(folder / "state"))
    (folder / "clone").mkdir(mode=0o700)
    yield folder / "clone"
    name = state.locate(folder / "clone").name
    accounts.release(accounts.used_by(name), name)
    shutil.rmtree(folder)


@AS_ROOT
def test_what_a_tenants_user_needs_is_made_once(root: Path) -> None:
    """An interpreter and a uv that the user can run, wherever the clone and this Python lie."""
    said: list[str] = []
    shop = workbench.workshop(root, TENANT, said.append)
    owner, before = shop.owners[TENANT], len(said)
    assert owner.uid and f"made the operating system user _{TENANT}, as a deploy does" in said
    for command in ([shop.tools.python, "-c", "import ssl"], [shop.tools.uv, "--version"]):
        done = subprocess.run(command, user=owner.uid, group=owner.gid, extra_groups=[], cwd="/", check=False)
        assert done.returncode == 0
    assert workbench.workshop(root, TENANT, said.append).owners == shop.owners and len(said) == before


@AS_ROOT
def test_environments_stand_where_a_deploy_looks_for_them(root: Path) -> None:
    """What was built for a test is not built again for the deploy."""
    assert workbench.workshop(root, TENANT, lambda _: None).into == state.locate(root).runtimes


@AS_ROOT
def test_a_user_of_that_name_that_is_not_ours_is_never_used(root: Path) -> None:
    """Its files would be open to the tenant's tests."""
    subprocess.run(["/usr/sbin/useradd", "--system", f"_{TENANT}"], check=True)
    try:
        with pytest.raises(UserError, match=f"_{TENANT} exists and was not made by a deploy"):
            workbench.workshop(root, TENANT, lambda _: None)
    finally:
        subprocess.run(["/usr/sbin/userdel", f"_{TENANT}"], check=True)


@AS_ROOT
def test_a_state_that_no_other_user_reaches_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy says where it can be."""
    monkeypatch.setenv("AERODROME_STATE", str(root / "state"))
    with pytest.raises(UserError, match="closed to other users"):
        workbench.workshop(root, TENANT, lambda _: None)


def test_make_passes_on_that_an_upgrade_is_asked_for(repository: Path) -> None:
    """UPGRADE=1 is the option --upgrade; without it locked versions stay."""
    said = [
        subprocess.run(
            ["make", "--no-print-directory", "-n", "lock-tenant", "TENANT=x", *more],
            cwd=repository, capture_output=True, text=True, check=True,
        ).stdout.splitlines()[-1].split()
        for more in ((), ("UPGRADE=1",))
    ]  # fmt: skip
    assert said == [
        [".venv/bin/aerodrome", "lock", "'x'"],
        [".venv/bin/aerodrome", "lock", "'x'", "--upgrade"],
    ]
