"""Airflow's side runs with the code that workers get, without the rest of the control program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from aerodrome.runtime.worker_code import all_code

IMPORT_ALL = """
import importlib, importlib.util, pkgutil, sys
code, repository = sys.argv[1:]
sys.path[:] = [code, *(path for path in sys.path if path not in (repository, repository + "/platform"))]
for top in ("aerodrome_airflow", "common_plugins"):
    package = importlib.import_module(top)
    assert package.__path__[0].startswith(code), package.__path__
    for module in pkgutil.walk_packages(package.__path__, top + "."):
        importlib.import_module(module.name)
for builder in ("on_host", "in_image"):
    importlib.import_module("aerodrome.runtime." + builder)
assert importlib.util.find_spec("aerodrome.cli") is None
print("all imported")
"""


def test_every_module_imports_with_what_workers_get(tmp_path: Path, repository: Path) -> None:
    """Nothing that one of them needs was left out."""
    for path, content in all_code(repository).items():
        file = tmp_path / "code" / path.removeprefix("platform/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, str(tmp_path / "code"), str(repository)],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path / "airflow")},
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0 and done.stdout.endswith("all imported\n"), done.stderr[-3000:]
