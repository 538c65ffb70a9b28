"""Where in the repository a change of the release comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aerodrome.targets.release_source import sources

CHART = Path("helm/airflow")
TEMPLATE = "airflow/templates/scheduler.yaml"
VALUES = """\
scheduler:
  replicas: 2
  resources: {requests: {cpu: 1}}
labels: {}
"""
BEFORE: dict[str, Any] = {"scheduler": {"replicas": 1, "resources": {"requests": {"cpu": 1}}}, "labels": {}}


@pytest.fixture
def values_file(tmp_path: Path) -> Path:
    """An environment's values."""
    file = tmp_path / "environments/dev/values.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(VALUES)
    return file


def source(file: Path | None, root: Path, after: dict[str, Any], before: dict[str, Any] = BEFORE) -> str:
    """Return what is told of an object of TEMPLATE."""
    return sources(root / CHART, root, file, before, after).of(TEMPLATE)


def test_the_one_value_that_differs_is_the_place(values_file: Path, tmp_path: Path) -> None:
    """By the line of its key."""
    after = {**BEFORE, "scheduler": {**BEFORE["scheduler"], "replicas": 2}}
    assert source(values_file, tmp_path, after) == "environments/dev/values.yaml:2"


def test_a_value_within_one_line_is_placed(values_file: Path, tmp_path: Path) -> None:
    """As deep as it is."""
    after = {**BEFORE, "scheduler": {"replicas": 1, "resources": {"requests": {"cpu": 2}}}}
    assert source(values_file, tmp_path, after) == "environments/dev/values.yaml:3"


@pytest.mark.parametrize(
    "after",
    [
        {**BEFORE, "labels": {"a": "b"}, "executor": "x"},
        {**BEFORE, "executor": "of another file"},
        BEFORE,
    ],
    ids=["two values", "elsewhere", "none"],
)
def test_otherwise_the_template_is_the_place(
    values_file: Path, tmp_path: Path, after: dict[str, Any]
) -> None:
    """Where no value differs, more than one does, or the one stands in another file."""
    assert source(values_file, tmp_path, after) == "helm/airflow/templates/scheduler.yaml"


def test_of_a_first_install_no_line_is_named(values_file: Path, tmp_path: Path) -> None:
    """All values are new then."""
    found = source(values_file, tmp_path, {"scheduler": {"replicas": 2}}, {})
    assert found == "helm/airflow/templates/scheduler.yaml"


def test_a_chart_elsewhere_is_told_by_its_name(tmp_path: Path) -> None:
    """And not by a path of this machine."""
    assert sources(tmp_path / "airflow", tmp_path / "root", None, {}, {}).chart == "airflow"
