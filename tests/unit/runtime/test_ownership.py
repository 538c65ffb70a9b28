"""As root, a tenant builds its environment as itself and cannot change it afterwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.runtime import Owner, Workshop, build_runtime, read_source
from aerodrome.runtime.sealing import seal

MakeTenant = Callable[..., Path]
TENANT = Owner(54321, 54321)
STRANGER = 54322


def as_user(uid: int, *command: str | Path) -> int:
    """Return the exit code of *command*, run as the user *uid*."""
    return subprocess.run(
        command, user=uid, group=uid, extra_groups=[], capture_output=True, check=False
    ).returncode


@pytest.fixture
def built(make_tenant: MakeTenant, owned_workshop: Workshop) -> Path:
    """An environment that its tenant's user built."""
    source = read_source(make_tenant())
    assert source is not None
    return build_runtime(source, owned_workshop).path


def test_the_tenant_runs_its_environment(built: Path) -> None:
    """Its group may read and execute all of it."""
    assert as_user(TENANT.uid, built / "bin" / "python", "-c", "import payments") == 0


def test_the_tenant_cannot_change_its_environment(built: Path) -> None:
    """Neither files nor folders, and so no job can leave something for the next one."""
    assert as_user(TENANT.uid, "touch", built / "new") != 0
    for path in [built, *built.rglob("*")]:
        status = path.lstat()
        assert status.st_uid == 0
        assert path.is_symlink() or not status.st_mode & 0o022


def test_another_tenant_cannot_read_it(built: Path) -> None:
    """Not even its name can be listed."""
    assert as_user(STRANGER, "ls", built) != 0
    assert as_user(STRANGER, "ls", built.parent) != 0


def test_building_a_package_runs_as_the_tenant(make_tenant: MakeTenant, owned_workshop: Workshop) -> None:
    """A build backend is the tenant's code too: it must not run as root."""
    folder = make_tenant()
    backend = "from uv_build import *\nimport os\nopen('src/payments/uid.txt','w').write(str(os.getuid()))\n"
    (folder / "backend.py").write_text(backend)
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(text.replace('"uv_build"\n', '"backend"\nbackend-path = ["."]\n'))
    source = read_source(folder)
    assert source is not None
    (told,) = build_runtime(source, owned_workshop).path.glob("lib/python3*/site-packages/payments/uid.txt")
    assert told.read_text() == str(TENANT.uid)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_sealing_follows_no_link(tmp_path: Path) -> None:
    """A link to somebody else's file changes nothing of that file."""
    victim = tmp_path / "victim"
    victim.write_text("secret")
    victim.chmod(0o600)
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "link").symlink_to(victim)
    seal(tmp_path / "venv", TENANT)
    status = victim.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (0, 0, 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_sealing_leaves_what_root_owns(tmp_path: Path) -> None:
    """A hard link to a file of root is not opened to the tenant."""
    victim = tmp_path / "victim"
    victim.write_text("secret")
    victim.chmod(0o600)
    (tmp_path / "venv").mkdir()
    os.link(victim, tmp_path / "venv" / "hard")
    seal(tmp_path / "venv", TENANT)
    assert (victim.stat().st_gid, victim.stat().st_mode & 0o777) == (0, 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_sealing_refuses_what_is_no_file(tmp_path: Path) -> None:
    """A pipe would make whoever reads the environment wait for ever."""
    (tmp_path / "venv").mkdir()
    os.mkfifo(tmp_path / "venv" / "pipe")
    with pytest.raises(AerodromeError, match="'pipe'"):
        seal(tmp_path / "venv", TENANT)
