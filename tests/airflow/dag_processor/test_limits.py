"""Limits hold for every file of their tenant at once, also for one that is kept as it was published earlier."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def limits(processor: Any) -> Iterator[Path]:
    """The limits of alpha, which has one DAG; both are put back."""
    file: Path = processor.folder / "repository/alpha/policy.json"
    before = file.read_text()
    processor.publish(
        alpha={"kept": processor.text("alpha", "kept")}, beta={"other": processor.text("beta", "other")}
    )
    processor.wait(lambda: processor.dags() == {"alpha.kept", "beta.other"})
    yield file
    file.write_text(before)
    processor.publish(alpha={"kept": None}, beta={"other": None})
    processor.wait(lambda: not processor.dags() and not processor.errors())


def test_a_file_that_breaks_new_limits_is_told_and_one_of_another_tenant_left_alone(
    processor: Any, limits: Path
) -> None:
    """Though neither file changed; and it comes back with the limits."""
    before, whole = processor.parsed("beta.other"), limits.read_text()
    limits.write_text(json.dumps({**json.loads(whole), "execution_timeout": 1.0}))
    processor.publish()
    processor.wait(lambda: "alpha/kept.py" in processor.errors())
    assert "a time limit of 7200 s (execution_timeout)" in processor.errors()["alpha/kept.py"]
    processor.wait(lambda: processor.dags() == {"beta.other"})
    assert processor.parsed("beta.other") == before
    limits.write_text(whole)
    processor.publish()
    processor.wait(lambda: "alpha.kept" in processor.dags())
    assert processor.errors() == {} and "alpha.kept" in processor.dags()
