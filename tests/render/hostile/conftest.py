"""What the tests with hostile texts share: modules beside this file, and a repository on disk."""

from __future__ import annotations

import sys
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
