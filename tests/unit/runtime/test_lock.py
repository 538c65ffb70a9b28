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
