"""How the managed things of a host are recorded, and which differences are seen later."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def managed(repository: Path) -> Any:
    """The part of the module aerodrome_state that looks; it needs nothing of Ansible."""
    path = repository / "ansible/module_utils/aerodrome_managed.py"
    spec = importlib.util.spec_from_file_location("aerodrome_managed", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "content": (lambda folder: (folder / "tree/file").write_text("other"), "tree/file has another content"),
    "mode": (lambda folder: (folder / "tree/file").chmod(0o777), "tree/file mode is 0777, was 0644"),
    "gone": (lambda folder: (folder / "tree/file").unlink(), "tree/file is gone"),
    "link": (lambda folder: _relink(folder / "link", "elsewhere"), "link target is elsewhere, was tree"),
    "folder": (lambda folder: (folder / "tree").chmod(0o700), "tree mode is 0700, was 0755"),
}


def _relink(link: Path, to: str) -> None:
    link.unlink()
    link.symlink_to(to)


@pytest.fixture
def recorded(managed: Any, tmp_path: Path) -> Any:
    """What is recorded of a folder with a file, a link to it, and a file whose content changes by itself."""
    (tmp_path / "tree").mkdir(mode=0o755)
    for name in ("tree/file", "rotated"):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(0o644)
    (tmp_path / "link").symlink_to("tree")
    names = {"trees": ["tree"], "links": ["link"], "present": ["rotated"]}
    wanted = {kind: [str(tmp_path / name) for name in found] for kind, found in names.items()}
    return managed.look([wanted, {"users": ["root"], "files": [str(tmp_path / "never")]}])


@pytest.mark.parametrize("what", CHANGES)
def test_each_difference_is_told(managed: Any, recorded: Any, tmp_path: Path, what: str) -> None:
    """With what is there and what was."""
    change, told = CHANGES[what]
    change(tmp_path)
    assert list(managed.differences(recorded, managed.again(recorded))) == [f"{tmp_path}/{told}"]


def test_what_changes_by_itself_is_none(managed: Any, recorded: Any, tmp_path: Path) -> None:
    """A login that was replaced is still there."""
    (tmp_path / "rotated").write_text("newer")
    assert list(managed.differences(recorded, managed.again(recorded))) == []


def test_a_kind_that_nobody_knows_is_refused(managed: Any) -> None:
    """A role that misspells it would never see its files change."""
    with pytest.raises(ValueError, match="unknown kind 'fils'"):
        managed.look([{"fils": []}])
