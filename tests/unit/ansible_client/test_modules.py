"""Packed modules: kept for the next run as long as they are the same, and only where nobody else can put any."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients.ansible_modules import PREFIX, variables

MODULE = """
from ansible.module_utils.basic import AnsibleModule
AnsibleModule({}).exit_json(msg="%s")
"""
TASKS = ("own: {}\n      register: said", 'ansible.builtin.debug: {msg: "{{ said.msg }}"}')


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where they are kept."""
    with tempfile.TemporaryDirectory(prefix="aerodrome-tests-", dir="/dev/shm") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture
def own(runs: Any, repository: Path) -> Path:
    """A module of the runs' own, which these share."""
    (runs.content / "callbacks").symlink_to(repository / "ansible/callbacks")
    (runs.content / "library").mkdir()
    module: Path = runs.content / "library/own.py"
    module.write_text(MODULE % "first")
    return module


def packed(place: Path) -> dict[str, int]:
    """Return the packed modules of all folders, by their folder and name, with what changes when one is packed anew."""
    return {str(path): path.stat().st_ino for path in place.rglob("*own*") if path.suffix != ".lock"}


def test_a_second_run_packs_nothing(runs: Any, own: Path, place: Path) -> None:
    """What the first one has packed is what it sends."""
    runs.write(*TASKS)
    assert not runs.run("one").failures
    first = packed(place)
    assert len(first) == 1 and not runs.run("one").failures and packed(place) == first


def test_a_module_that_changed_is_packed_anew(runs: Any, own: Path, place: Path) -> None:
    """Hosts never get the one before."""
    runs.write("own: {}\n      register: said\n      failed_when: said.msg != 'second'")
    assert runs.run("one").failures
    own.write_text(MODULE % "second")
    assert not runs.run("one").failures and len(packed(place)) == 2


def test_a_folder_of_somebody_else_is_not_used(runs: Any, own: Path, place: Path) -> None:
    """Whoever could write there would be root on every host."""
    folder = Path(variables(runs.content, "")["AERODROME_PACKED_MODULES"])
    assert folder.name.startswith(f"{PREFIX}{os.geteuid()}-")
    folder.chmod(0o770)
    assert variables(runs.content, "") == {}
    folder.rmdir()
    folder.symlink_to(place)
    assert variables(runs.content, "") == {}


def test_those_of_another_commit_go_after_a_day(runs: Any, own: Path, place: Path) -> None:
    """Not before: somebody may be deploying it."""
    for name, age in (("young", 0), ("old", 2 * 24 * 3600)):
        folder = place / f"{PREFIX}{os.geteuid()}-{name}"
        folder.mkdir(mode=0o700)
        os.utime(folder, (folder.stat().st_mtime - age,) * 2)
    variables(runs.content, "")
    assert {path.name.rpartition("-")[2] for path in place.iterdir()} > {"young"}
    assert not (place / f"{PREFIX}{os.geteuid()}-old").exists()
