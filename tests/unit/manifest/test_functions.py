"""Which functions a tenant's package has is read from its text, whatever statement brings them."""

from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.manifest.functions import Functions

BINDS = [
    "def run(): ...",
    "run = print",
    "run: object = print",
    "from builtins import print as run",
    "from somewhere import *",
    "if True:\n    run: object = print",
    "try:\n    from fast import run\nexcept ImportError:\n    run = None",
]
BINDS_NOT = [
    "run: object",
    "# run = print",
    "def other():\n    def run(): ...",
    "x.run = print",
    "x.run: object = print",
]


def mistake(folder: Path, text: str) -> tuple[str, str] | None:
    """Return what is said about the function `run` of a module with this *text*."""
    (folder / "src").mkdir()
    (folder / "src/jobs.py").write_text(text)
    return Functions(folder, "tenants/flights").mistake("jobs:run")


@pytest.mark.parametrize("text", BINDS)
def test_a_name_that_is_bound_may_be_a_function(tmp_path: Path, text: str) -> None:
    """By a definition, an assignment with or without a type, or an import."""
    assert mistake(tmp_path, text) is None


@pytest.mark.parametrize("text", BINDS_NOT)
def test_a_name_that_is_not_bound_is_no_function(tmp_path: Path, text: str) -> None:
    """A type alone binds nothing."""
    told = mistake(tmp_path, text)
    assert told is not None and told[0] == "'jobs' defines no function 'run'"
