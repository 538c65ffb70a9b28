"""Layout mistakes that break Python or pytest in ways that cost hours to find."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def tracked(repository: Path) -> list[str]:
    """Every file that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (repository / name).exists()]


def test_platform_is_no_package(repository: Path) -> None:
    """With platform/__init__.py the standard library's `platform` would be gone."""
    assert not (repository / "platform" / "__init__.py").exists()


def test_no_test_file_stands_below_a_source_folder(tracked: list[str]) -> None:
    """In importlib mode such a file replaces the real module of its folder for the whole run."""
    pattern = re.compile(r"^(platform|ansible|helm)/.*(conftest|test_[^/]*|[^/]*_test)\.py$")
    assert [name for name in tracked if pattern.search(name)] == []


def test_tests_hold_no_init_file(tracked: list[str]) -> None:
    """Two test files may share a name only while their folders are no packages."""
    assert [name for name in tracked if re.match(r"tests/.*__init__\.py$", name)] == []


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
