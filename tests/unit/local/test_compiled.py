"""Packages are compiled once, for all processes of a platform, which may not write beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from aerodrome.local.machine import interpreter


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
    interpreter._compile(Path(sys.executable), tmp_path / "site-packages")
    assert file.with_name("__pycache__").is_dir() == compiled
