"""A deploy from a git hook, where git's variables name another repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from aerodrome.bundle import history, publish
from aerodrome.clients.git import described
from aerodrome.local.processes import folders


def git(folder: Path, *arguments: str) -> str:
    """Return what git says."""
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with one commit."""
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "file").write_text("text")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "one")
    return folder


@pytest.fixture
def hook(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another repository whose hook runs this."""
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "--quiet", clone, other], check=True)
    git(other, "commit", "--quiet", "--allow-empty", "--message", "two")
    said = {"DIR": ".git", "WORK_TREE": ".", "INDEX_FILE": ".git/index", "OBJECT_DIRECTORY": ".git/objects"}
    for name, path in said.items():
        monkeypatch.setenv(f"GIT_{name}", str(other / path))
    monkeypatch.setenv("GIT_QUARANTINE_PATH", str(other / ".git/quarantine"))
    return other


def test_the_bundle_is_made_and_published_in_its_own_repository(hook: Path, tmp_path: Path) -> None:
    """The hook's repository is left as it is."""
    before = (hook / ".git/refs/heads/main").read_text()
    folders._bundle(tmp_path / "bundle.git")
    folders._bundle(tmp_path / "bundle.git")
    assert publish(tmp_path / "bundle.git", {"alpha/daily.py": "x"}, source="tests")
    assert [entry.summary for entry in history(tmp_path / "bundle.git")] == [
        "Publish alpha",
        "Start with an empty bundle",
    ]
    assert (hook / ".git/refs/heads/main").read_text() == before


def test_a_publish_names_the_commit_of_its_own_clone(clone: Path, hook: Path) -> None:
    """Not the hook's."""
    commit = (clone / ".git/refs/heads/main").read_text()
    assert described(clone) == commit[:12]
    (clone / "file").write_text("other")
    assert described(clone) == f"{commit[:12]}-changed"


def test_a_folder_without_git_has_no_commit(hook: Path, tmp_path: Path) -> None:
    """Neither has one that is not there."""
    (tmp_path / "plain").mkdir()
    assert described(tmp_path / "plain") is None and described(tmp_path / "none") is None


def test_every_user_can_read_the_bundle(tmp_path: Path) -> None:
    """Whatever the umask of who makes it."""
    old = os.umask(0o077)
    try:
        folders._bundle(tmp_path / "bundle.git")
    finally:
        os.umask(old)
    assert not [path for path in (tmp_path / "bundle.git").rglob("*") if not path.stat().st_mode & 0o004]
