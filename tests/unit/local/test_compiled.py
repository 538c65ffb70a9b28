"""Packages are compiled once, for all processes of a platform, which may not write beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from aerodrome.local.machine.bytecode import compile_folder, compile_packages

PYTHON = Path(sys.executable)


@pytest.mark.parametrize(
    ("module", "compiled"),
    [
        ("libcst/module.py", True),
        ("airflow/models/module.py", True),
        ("airflow/providers/cncf/kubernetes/module.py", True),
        ("kubernetes/module.py", False),
        ("numpy/tests/module.py", False),
    ],
)
def test_what_processes_import_is_compiled_and_nothing_large_besides(
    tmp_path: Path, module: str, compiled: bool
) -> None:
    """What is left out would be compiled at every start of every process that imports it."""
    file = tmp_path / "site-packages" / module
    file.parent.mkdir(parents=True)
    file.touch()
    compile_folder(PYTHON, tmp_path / "site-packages")
    assert file.with_name("__pycache__").is_dir() == compiled


def _packages(folder: Path, text: str) -> Path:
    (folder / "package").mkdir(parents=True)
    (folder / "package/__init__.py").write_text(text)
    return folder


def _imported(folder: Path) -> str:
    call = [PYTHON, "-B", "-c", "import package; print(package.value)"]
    done = subprocess.run(call, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_packages_of_a_lock_are_compiled_once_on_a_machine(tmp_path: Path) -> None:
    """The second copy gets what was compiled for the first one, which a text that differs gives away."""
    for number, lock in enumerate(("one", "one", "other")):
        folder = _packages(tmp_path / str(number), f"value = {number}")
        compile_packages(PYTHON, folder, lock, tmp_path / "cache")
    assert [_imported(tmp_path / str(number)) for number in range(3)] == ["0", "0", "2"]


def test_what_was_kept_and_cannot_be_read_is_compiled_again(tmp_path: Path) -> None:
    """And kept again."""
    for number in range(3):
        folder = _packages(tmp_path / str(number), f"value = {number}")
        compile_packages(PYTHON, folder, "lock", tmp_path / "cache")
        if number == 0:
            (kept,) = (tmp_path / "cache").iterdir()
            kept.write_bytes(b"half a file")
    assert [_imported(tmp_path / str(number)) for number in range(3)] == ["0", "1", "1"]


def test_a_cache_that_cannot_be_written_keeps_nobody_from_compiling(tmp_path: Path) -> None:
    """It costs time, nothing else."""
    (tmp_path / "cache").write_text("no folder")
    folder = _packages(tmp_path / "packages", "value = 1")
    compile_packages(PYTHON, folder, "lock", tmp_path / "cache")
    assert (folder / "package/__pycache__").is_dir()
