"""Versions of a folder side by side, and processes that go on with the one they started from."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aerodrome.local.machine import interpreter
from aerodrome.local.machine.versions import Versions

ONE, TWO, THREE = ("1" * 64, "2" * 64, "3" * 64)
PROGRAM = (
    "import sys, told; print(told.VERSION, flush=True); sys.stdin.read(); import later; print(later.VERSION)"
)


def holding(text: str) -> Callable[[Path], None]:
    """Return what fills a version with two modules that tell *text*."""

    def fill(folder: Path) -> None:
        for module in ("told", "later"):
            (folder / f"{module}.py").write_text(f"VERSION = {text!r}\n")

    return fill


def switched(versions: Versions, digest: str, text: str = "x") -> None:
    """Build a version and lead the link to it."""
    versions.build(digest, holding(text))
    versions.switch(digest)


def left(versions: Versions) -> set[str]:
    """Return the versions that are there, each by its first digit."""
    return {path.name[len(versions.link.name) + 1] for path in versions.link.parent.glob("code-*")}


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    """A link that leads nowhere yet, in a folder with a name that must be quoted."""
    folder = tmp_path / "Bob's state"
    folder.mkdir()
    return Versions(folder / "code")


@pytest.fixture
def program(versions: Versions) -> Iterator[subprocess.Popen[str]]:
    """A process of a virtual environment that finds its modules as the platform's own do."""
    venv = versions.link.parent / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", venv], check=True)
    site = next(venv.glob("lib/python3*/site-packages"))
    (site / "aerodrome.pth").write_text(interpreter._START % str(versions.link))
    switched(versions, ONE, "one")
    command = [str(venv / "bin/python"), "-I", "-c", PROGRAM]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        yield process


def test_a_process_imports_from_the_version_that_it_started_with(versions: Versions, program: object) -> None:
    """However late it imports."""
    assert isinstance(program, subprocess.Popen) and program.stdout
    assert program.stdout.readline() == "one\n"
    switched(versions, TWO, "two")
    assert (versions.link / "later.py").read_text() == "VERSION = 'two'\n"
    assert program.communicate("")[0] == "one\n"


def test_a_version_is_whole_or_built_anew(versions: Versions) -> None:
    """What an interruption left is thrown away; what is whole is not built again."""

    def fail(folder: Path) -> None:
        (folder / "half.py").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        versions.build(ONE, fail)
    assert not versions.is_current(ONE)
    switched(versions, ONE)
    versions.build(ONE, fail)
    assert versions.is_current(ONE) and not (versions.link / "half.py").exists()


def test_what_nothing_runs_from_is_removed(versions: Versions) -> None:
    """The current version stays, and each that a process was started from."""
    moments = []
    for digest in (ONE, TWO, THREE):
        switched(versions, digest)
        time.sleep(0.01)
        moments.append(time.time())
    assert versions.prune(moments[1:]) == ("code-1111111111111111",) and left(versions) == {"2", "3"}
    assert versions.prune(moments[1:2]) == ()
    switched(versions, ONE)
    assert versions.prune([moments[1]]) == ("code-3333333333333333",)
    assert versions.prune([]) == ("code-2222222222222222",) and left(versions) == {"1"}


def test_a_version_that_comes_back_is_still_the_older_processes_own(versions: Versions) -> None:
    """Its second time does not hide its first."""
    switched(versions, ONE)
    first = time.time()
    for digest in (TWO, ONE, THREE):
        switched(versions, digest)
    assert versions.prune([first]) == ("code-2222222222222222",)


def test_a_folder_of_an_earlier_deploy_makes_way(versions: Versions) -> None:
    """It is removed when nothing runs from it any more."""
    versions.link.mkdir()
    before = time.time()
    switched(versions, ONE)
    assert versions.prune([before]) == () and versions.is_current(ONE)
    assert versions.prune([time.time()]) == ("code-first",)


def test_a_module_that_moves_is_another_module(repository: Path, tmp_path: Path) -> None:
    """A process must be started again for it."""
    for folder in ("one", "two"):
        launcher = tmp_path / folder / "platform/aerodrome_airflow/launcher"
        (launcher / folder).mkdir(parents=True)
        (launcher / folder / "__init__.py").write_text("x = 1\n")
    digests = {interpreter.launcher_digest(tmp_path / folder) for folder in ("one", "two")}
    assert len(digests) == 2
