"""What a file can do to the process that imports it, and what of it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome.check.child import Importer, StuckError


@pytest.fixture(scope="module")
def importer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Importer]:
    """A process that imports."""
    with Importer(tmp_path_factory.mktemp("check"), 4 * 2**30) as one:
        yield one


def written(folder: Path, text: str) -> Path:
    """Return the file of a bundle with *text*."""
    path = folder / "flights" / "daily.py"
    path.parent.mkdir()
    # Without these words Airflow does not look into it.
    path.write_text(f"# airflow DAG\n{text}")
    return path


def test_error_commands_no_terminal(importer: Importer, tmp_path: Path) -> None:
    """A message that the file made is shown in a terminal, line by line."""
    path = written(tmp_path, "raise ValueError('\\x1b]0;title\\x07\\nsecond line')\n")
    error, _ = importer.load(path, "flights.daily", 30)
    assert error == "ValueError: \\x1b]0;title\\x07\nsecond line"


def test_process_that_answers_no_more_and_lives_on_is_ended(importer: Importer, tmp_path: Path) -> None:
    """It is told like one that hangs."""
    path = written(tmp_path, "import os, time\nos.closerange(3, 100)\ntime.sleep(600)\n")
    with pytest.raises(StuckError, match="gave no answer and went on"):
        importer.load(path, "flights.daily", 30)
