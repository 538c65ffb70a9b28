"""A tenant's lock holds versions and hashes, and no address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from aerodrome.errors import UserError
from aerodrome.runtime import lock_tenant, runtime_problems

MakeTenant = Callable[..., Path]


def depend(folder: Path, *lines: str) -> None:
    """Add *lines* to the [project] table of the tenant's pyproject.toml."""
    (folder / "pyproject.toml").open("a").write("\n".join(lines) + "\n")


def test_a_lock_has_hashes_and_no_address(make_tenant: MakeTenant) -> None:
    """What was locked has no problem."""
    folder = make_tenant()
    depend(folder, 'dependencies = ["iniconfig==2.3.0"]')
    assert lock_tenant(folder) == "tenants/payments/requirements.lock: 1 package"
    text = (folder / "requirements.lock").read_text()
    assert "iniconfig==2.3.0" in text and "--hash=sha256:" in text and "://" not in text
    assert runtime_problems(folder.parents[1], "payments") == ()


def test_a_test_group_has_a_lock_of_its_own(make_tenant: MakeTenant) -> None:
    """What only tests need is not installed for the tasks."""
    folder = make_tenant()
    depend(folder, "dependencies = []", "[dependency-groups]", 'test = ["iniconfig==2.3.0"]')
    lock_tenant(folder)
    assert "iniconfig" not in (folder / "requirements.lock").read_text()
    assert "iniconfig==2.3.0" in (folder / "tests.lock").read_text()


def test_dependencies_that_cannot_be_met_are_the_tenants_mistake(make_tenant: MakeTenant) -> None:
    """The error names the file and what uv found out."""
    folder = make_tenant()
    depend(folder, 'dependencies = ["iniconfig==2.3.0", "iniconfig==2.1.0"]')
    with pytest.raises(
        UserError, match=r"(?s)tenants/payments/pyproject.toml: .* cannot be resolved: .*iniconfig"
    ):
        lock_tenant(folder)


def test_a_dependency_by_address_is_refused(make_tenant: MakeTenant, tmp_path: Path) -> None:
    """A lock that names a place is of no use elsewhere."""
    other = make_tenant("other")
    folder = make_tenant()
    depend(folder, f'dependencies = ["other @ {other.as_uri()}"]')
    with pytest.raises(UserError, match="names an address"):
        lock_tenant(folder)


def test_without_a_pyproject_there_is_nothing_to_lock(tmp_path: Path) -> None:
    """The error says what to write."""
    with pytest.raises(UserError, match=r"pyproject.toml: does not exist"):
        lock_tenant(tmp_path)


def old_lock(folder: Path, name: str = "requirements.lock") -> None:
    """Give the tenant a dependency whose locked version is not the newest."""
    depend(folder, 'dependencies = ["iniconfig"]')
    (folder / name).write_text(
        "iniconfig==2.0.0 --hash=sha256:2d91e135bf72d31a410b17c16da610a82cb55f6b0477d1a902134b24a455b8b3\n"
    )


def test_a_locked_version_stays_until_an_upgrade_is_asked_for(make_tenant: MakeTenant) -> None:
    """A lock made again for one new package does not move all others."""
    folder = make_tenant()
    old_lock(folder)
    lock_tenant(folder)
    assert "iniconfig==2.0.0" in (folder / "requirements.lock").read_text()
    lock_tenant(folder, upgrade=True)
    assert "iniconfig==2.0.0" not in (folder / "requirements.lock").read_text()


def test_the_lock_that_tenant_yaml_names_is_written(make_tenant: MakeTenant) -> None:
    """The remedy of a mistake in it is this command."""
    folder = make_tenant()
    (folder / "tenant.yaml").write_text("dependencies: own.lock\n")
    assert lock_tenant(folder) == "tenants/payments/own.lock: 0 packages"
    assert (folder / "own.lock").is_file()


def test_a_refused_lock_leaves_the_old_one(make_tenant: MakeTenant) -> None:
    """Nothing is written before all is well."""
    other, folder = make_tenant("other"), make_tenant(lock="# mine\n")
    depend(folder, f'dependencies = ["other @ {other.as_uri()}"]')
    with pytest.raises(UserError, match="names an address"):
        lock_tenant(folder)
    assert (folder / "requirements.lock").read_text() == "# mine\n"


@pytest.mark.parametrize("name", ["requirements.lock", "tests.lock", "pyproject.toml"])
def test_no_link_is_written_or_read_through(make_tenant: MakeTenant, tmp_path: Path, name: str) -> None:
    """A pull request could bring one that leads to any file of the machine."""
    folder, victim = make_tenant(lock=None), tmp_path / "victim"
    victim.write_text((folder / "pyproject.toml").read_text())
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(victim)
    with pytest.raises(UserError, match=rf"tenants/payments/{name}: a symbolic link"):
        lock_tenant(folder)
    assert "project" in victim.read_text()


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "[project", "\x00"])
def test_a_pyproject_that_is_no_toml_is_told(make_tenant: MakeTenant, text: str) -> None:
    """Where, and without a traceback."""
    folder = make_tenant()
    (folder / "pyproject.toml").write_text(text)
    with pytest.raises(UserError, match=r"tenants/payments/pyproject.toml: not TOML"):
        lock_tenant(folder)


def test_dependency_groups_of_the_wrong_kind_are_no_test_group(make_tenant: MakeTenant) -> None:
    """uv says what is wrong with them."""
    folder = make_tenant()
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(f"dependency-groups = 3\n{text}")
    with pytest.raises(UserError, match=r"tenants/payments/pyproject.toml"):
        lock_tenant(folder)


def test_a_link_in_the_place_of_a_tenant_is_not_followed(make_tenant: MakeTenant, tmp_path: Path) -> None:
    """It could lead to the root of the machine, all of which would be copied."""
    (tmp_path / "linked").symlink_to(make_tenant())
    with pytest.raises(UserError, match=r"tenants/linked: a symbolic link"):
        lock_tenant(tmp_path / "linked")
