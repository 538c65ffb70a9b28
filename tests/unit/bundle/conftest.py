"""An empty bundle."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.bundle import create


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bare repository without a commit."""
    create(tmp_path / "bundle.git")
    return tmp_path / "bundle.git"
