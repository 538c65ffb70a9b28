"""As root, a tenant builds its environment as itself and cannot change it afterwards."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.runtime import (
    Locksmith,
    Owner,
    Tools,
    Workshop,
    build_runtime,
    lock_tenant,
    read_source,
    run_tests,
)
from aerodrome.runtime.own_copy import hand_over, own_copy
from aerodrome.runtime.sealing import seal
from aerodrome.runtime.workshop import Site, made_whole

MakeTenant = Callable[..., Path]
TENANT = Owner(54321, 54321)
STRANGER = 54322
_WHO = """
import os, pathlib
def test_it():
    assert (os.getuid(), os.getgid(), os.getgroups()) == ({tenant.uid}, {tenant.gid}, [])
    assert "AWS_SECRET_ACCESS_KEY" not in os.environ
    for place in (pathlib.Path.home(), pathlib.Path(os.environ["TMPDIR"])):
        assert place.stat().st_uid == {tenant.uid}
        (place / "mine").touch()
    assert pathlib.Path("src/payments/__init__.py").is_file() and not os.access({clone!r}, os.R_OK)
"""


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


def run_as_tenant(folder: Path, workshop: Workshop, test: str) -> tuple[int, str]:
    """Run a test file of the tenant and return exit code and output."""
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "test_it.py").write_text(test)
    source = read_source(folder)
    assert source is not None
    lines: list[str] = []
    return run_tests(folder, build_runtime(source, workshop), workshop, lines.append), "\n".join(lines)


def test_tests_run_as_the_tenant_in_a_clean_environment(
    make_tenant: MakeTenant, owned_workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its own home and nothing that this process knows; the clone lies where the tenant cannot enter."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    folder = make_tenant()
    code, output = run_as_tenant(folder, owned_workshop, _WHO.format(tenant=TENANT, clone=str(folder)))
    assert code == 0, output


def test_tests_change_nothing_in_the_clone(make_tenant: MakeTenant, owned_workshop: Workshop) -> None:
    """They write into a copy, which is gone afterwards."""
    folder = make_tenant()
    test = (
        "def test_it():\n    open('made.txt', 'w').write('x')\n    open('tests/test_it.py', 'a').write('x')\n"
    )
    before = sorted(path.name for path in Path(tempfile.gettempdir()).glob("aerodrome-tenant-*"))
    assert run_as_tenant(folder, owned_workshop, test)[0] == 0
    assert not (folder / "made.txt").exists() and (folder / "tests" / "test_it.py").read_text() == test
    assert sorted(path.name for path in Path(tempfile.gettempdir()).glob("aerodrome-tenant-*")) == before


def test_packages_for_tests_are_built_as_the_tenant(
    make_tenant: MakeTenant, owned_workshop: Workshop
) -> None:
    """They are the tenant's choice, and a package's build is code; nobody but root changes them later."""
    folder = make_tenant()
    assert run_as_tenant(folder, owned_workshop, "def test_it(): ...\n")[0] == 0
    (packages,) = (owned_workshop.into / "payments" / ".tests").glob("[0-9a-f]*")
    for path in [packages, *packages.rglob("*")]:
        assert path.lstat().st_uid == 0 and path.lstat().st_gid == TENANT.gid
    assert as_user(STRANGER, "ls", packages) != 0


def test_a_lock_is_not_the_tenants_users(make_tenant: MakeTenant, owned_workshop: Workshop) -> None:
    """Another user resolves it in a copy; what stands in the clone belongs to whom the clone belongs to."""
    folder = make_tenant(lock=None)
    with (folder / "pyproject.toml").open("a") as stream:
        stream.write('dependencies = ["iniconfig"]\n')
    assert lock_tenant(
        folder, smith=Locksmith(owned_workshop.tools, TENANT, owned_workshop.fetcher)
    ).endswith("1 package")
    assert (folder / "requirements.lock").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_folder_is_handed_over_after_all_that_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who could enter it would put links to foreign files in the place of what is still to be handed over."""
    (tmp_path / "given/inner").mkdir(parents=True)
    (tmp_path / "given/inner/file").touch()
    change, given = os.chown, []

    def chown(path: Path, *numbers: int, follow_symlinks: bool) -> None:
        given.append(path)
        change(path, *numbers, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "chown", chown)
    hand_over(tmp_path / "given", TENANT)
    assert len(given) == 3 and given[-1] == tmp_path / "given"


def test_any_tenant_has_a_home_beside_its_copy(tmp_path: Path) -> None:
    """Whatever it is named."""
    (tmp_path / "home").mkdir()
    with own_copy(tmp_path / "home", None) as desk:
        assert desk.folder.is_dir() and desk.home.is_dir() and desk.home != desk.folder


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_link_in_the_place_of_what_was_built_is_not_followed(tmp_path: Path) -> None:
    """Root would remove what stands where it leads to."""
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim/.lock").touch()
    site = Site("payments", Workshop(tmp_path, Tools(tmp_path, tmp_path), {"payments": TENANT}))
    with pytest.raises(OSError), made_whole(tmp_path / "made", site) as folder:
        (folder / "venv").symlink_to(tmp_path / "victim")
    assert (tmp_path / "victim/.lock").exists()


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
