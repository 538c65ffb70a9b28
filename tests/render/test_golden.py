"""Rendered files, whole: what a person meets in the bundle. AERODROME_UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path for path in GOLDEN.iterdir() if path.suffix in (".yaml", ".json"))


def without_digests(text: str) -> str:
    """Return the file without the digest of the policy, which changes with every rule."""
    return re.sub(r"(?m)^(# (?:Source|Policy)) sha256:[0-9a-f]{64}$", r"\1 sha256:…", text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_rendered_file_is_the_golden_one(case: Path, workspace: Any) -> None:
    """Each manifest of the folder renders to the file beside it."""
    for each in CASES:
        workspace.add_dag(each.read_text(), each.name)
    text = without_digests(workspace.render()[f"flights/{case.stem}.py"])
    if os.environ.get("AERODROME_UPDATE_GOLDEN"):
        case.with_suffix(".py").write_text(text)
    assert text == case.with_suffix(".py").read_text()


def test_limits_file_is_the_golden_one(workspace: Any) -> None:
    """The limits that travel with the tenant's files."""
    for each in CASES:
        workspace.add_dag(each.read_text(), each.name)
    text = workspace.render()["flights/policy.json"]
    if os.environ.get("AERODROME_UPDATE_GOLDEN"):
        (GOLDEN / "expected" / "policy.json").write_text(text)
    assert text == (GOLDEN / "expected" / "policy.json").read_text()


def test_rendering_twice_gives_the_same_bytes(workspace: Any) -> None:
    """Nothing in a file depends on when or how often it is written."""
    workspace.add_dag((GOLDEN / "daily.yaml").read_text())
    assert workspace.render() == workspace.render()


def test_golden_files_are_python_and_fit_on_a_page() -> None:
    """They parse, and no line but one with a place in the manifest is longer than a page is wide."""
    for path in GOLDEN.glob("*.py"):
        ast.parse(path.read_text())
        assert max(len(re.sub(r"  # line \d+$", "", line)) for line in path.read_text().splitlines()) <= 110


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_golden_files_are_imported_by_airflow(case: Path, workspace: Any) -> None:
    """DagBag takes them, with the policy on."""
    for each in CASES:
        workspace.add_dag(each.read_text(), each.name)
    assert workspace.import_dag(f"flights.{case.stem}").dag_id == f"flights.{case.stem}"


def test_the_header_names_source_and_digests(workspace: Any) -> None:
    """A person finds the manifest; a changed policy changes the file."""
    workspace.add_dag((GOLDEN / "minimal.yaml").read_text(), "minimal.yaml")
    before = workspace.render()["flights/minimal.py"].splitlines()
    environment = workspace.root / "environments/local/environment.yaml"
    environment.write_text(environment.read_text() + "operators: {forbidden: [bash.run]}\n")
    after = workspace.render()["flights/minimal.py"].splitlines()
    assert "tenants/flights/dags/minimal.yaml" in before[0]
    assert (before[1] == after[1], before[2] == after[2]) == (True, False)
