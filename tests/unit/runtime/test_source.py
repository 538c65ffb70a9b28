"""What names a virtual environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from aerodrome.runtime import runtime_digest, runtime_problems
from aerodrome.runtime.source import read_source

MakeTenant = Callable[..., Path]


def test_a_tenant_without_lock_and_package_needs_no_environment(tmp_path: Path) -> None:
    """Manifests alone are enough."""
    (tmp_path / "tenant.yaml").write_text("queues: [default]\n")
    assert runtime_digest(tmp_path) is None


@pytest.mark.parametrize(
    "file", ["src/payments/__init__.py", "requirements.lock", "pyproject.toml", "src/new.py"]
)
def test_a_change_of_lock_or_package_changes_the_digest(make_tenant: MakeTenant, file: str) -> None:
    """Each file that takes part in the build counts."""
    folder = make_tenant()
    before = runtime_digest(folder)
    (folder / file).open("a").write("# more\n")
    assert runtime_digest(folder) != before


@pytest.mark.parametrize(
    "file", ["README.md", "dags/a.yaml", "tests/test_a.py", "src/payments/x.pyc", ".env"]
)
def test_what_is_not_built_leaves_the_digest(make_tenant: MakeTenant, file: str) -> None:
    """Manifests, tests, a README and debris are no part of the package."""
    folder = make_tenant()
    before = runtime_digest(folder)
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text("more")
    assert runtime_digest(folder) == before


def test_a_readme_that_the_package_names_counts(make_tenant: MakeTenant) -> None:
    """It becomes part of the package's metadata."""
    folder = make_tenant()
    (folder / "pyproject.toml").open("a").write('readme = "README.md"\n')
    before = runtime_digest(folder)
    (folder / "README.md").write_text("more")
    assert runtime_digest(folder) != before


def test_a_change_of_the_package_keeps_the_layer(make_tenant: MakeTenant) -> None:
    """The locked packages are not installed again for an edit in the tenant's own code."""
    folder = make_tenant()
    before = read_source(folder)
    (folder / "src" / "payments" / "__init__.py").write_text("x = 1\n")
    after = read_source(folder)
    assert before and after and before.layer == after.layer and before.digest != after.digest


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ("iniconfig==2.3.1\n", "'iniconfig==2.3.1' has no hash"),
        ("--index-url https://example.org/simple\n", "never the address of an index"),
    ],
)
def test_a_bad_lock_is_a_problem_of_its_file(make_tenant: MakeTenant, lock: str, message: str) -> None:
    """The problem names tenant and file, and the command that mends it."""
    root = make_tenant(lock=lock).parents[1]
    (problem,) = runtime_problems(root, "payments")
    assert problem.file == "tenants/payments/requirements.lock"
    assert message in problem.message
    assert problem.remedy == "make lock-tenant TENANT=payments"


def test_a_missing_lock_is_a_problem(make_tenant: MakeTenant) -> None:
    """tenant.yaml names a file that is not there; the digest exists all the same."""
    folder = make_tenant()
    (folder / "requirements.lock").unlink()
    assert runtime_digest(folder)
    assert "there is none" in runtime_problems(folder.parents[1], "payments")[0].message


def test_a_symbolic_link_in_the_package_is_a_problem(make_tenant: MakeTenant) -> None:
    """It could bring any file of the machine into the environment."""
    folder = make_tenant()
    (folder / "src" / "payments" / "secret.py").symlink_to("/etc/hostname")
    assert (
        runtime_problems(folder.parents[1], "payments")[0].file == "tenants/payments/src/payments/secret.py"
    )


def test_a_package_without_a_name_is_a_problem(make_tenant: MakeTenant) -> None:
    """src/ without [project] cannot be installed."""
    folder = make_tenant()
    (folder / "pyproject.toml").write_text("")
    assert runtime_problems(folder.parents[1], "payments")[0].file == "tenants/payments/pyproject.toml"


def test_a_broken_tenant_file_needs_no_environment(tmp_path: Path) -> None:
    """Its own error is told by the loader, not here."""
    (tmp_path / "tenant.yaml").write_text("dependencies: [")
    assert runtime_digest(tmp_path) is None
