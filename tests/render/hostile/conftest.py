"""What the tests with hostile texts share: modules beside this file, and a repository on disk."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Test folders are no packages: the modules beside this file have names of their own.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def place_of_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository with two environments and one tenant, whose files each example writes anew."""
    from hostile_repository import Repository

    monkeypatch.setenv("AIRFLOW__AERODROME__ENFORCE_POLICY", "True")
    return Repository.at(tmp_path)


def _launcher_under_test(repository: Path) -> Any:
    name = "launcher_under_test"
    if name not in sys.modules:
        path = repository / f"tests/unit/launcher/{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="module")
def running_launcher(repository: Path) -> Iterator[Any]:
    """A launcher with tenant alpha; isolated where the tests run as root."""
    mode = "root" if os.geteuid() == 0 else "ordinary"
    with _launcher_under_test(repository).running(mode, repository) as launcher:
        yield launcher


@pytest.fixture
def launcher(running_launcher: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The launcher that operators find in Airflow's configuration."""
    monkeypatch.setenv("AIRFLOW__AERODROME__LAUNCHER_SOCKET", str(running_launcher.socket))
    return running_launcher
