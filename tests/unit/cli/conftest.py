"""A repository without a mistake, whose DAGs were imported before: a check of it starts no Airflow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from aerodrome.verify import verify
from reached_host import Reached

CACHE = ".aerodrome/cache/check"


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is remembered of the imports of these two tenants; filled by the first test that checks them."""
    return tmp_path_factory.mktemp("imported") / "check"


@pytest.fixture
def good(place: Any, imported: Path) -> Any:
    """Two tenants without a mistake."""
    place.tenant("alpha", "daily")
    place.tenant("beta", "daily")
    if not imported.is_dir():
        verify(place.root, "local", progress=lambda _: None)
        shutil.copytree(place.root / CACHE, imported)
    shutil.copytree(imported, place.root / CACHE, dirs_exist_ok=True)
    return place


@pytest.fixture
def reached(place: Any, repository: Path, tmp_path: Path) -> Reached:
    """A repository with one host."""
    return Reached(place, repository, tmp_path)
