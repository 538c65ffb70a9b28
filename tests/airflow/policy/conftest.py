"""A bundle as it reaches Airflow: one rendered file and the tenant's limits."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Bag = Callable[..., Any]


@pytest.fixture
def golden(repository: Path) -> Path:
    """The folder of rendered files."""
    return repository / "tests" / "render" / "golden"


@pytest.fixture
def bag_of(tmp_path: Path, golden: Path, monkeypatch: pytest.MonkeyPatch) -> Bag:
    """Return a function that puts a file into the bundle and reads it with DagBag."""
    monkeypatch.setenv("AIRFLOW__AERODROME__ENFORCE_POLICY", "True")

    def bag_of(text: str, path: str = "flights/sample.py", *, limits: bool = True) -> Any:
        from airflow.dag_processing.dagbag import DagBag

        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if limits:
            shutil.copy(golden / "expected" / "policy.json", file.parent)
        bag = DagBag(file.parent, collect_dags=False, bundle_path=tmp_path, bundle_name="test")
        bag.process_file(str(file))
        return bag

    return bag_of
