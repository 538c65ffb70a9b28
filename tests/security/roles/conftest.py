"""A directory for tests of what follows it."""

from __future__ import annotations

from collections.abc import Iterator

import directory
import pytest
from fab_tables import database, fab_template

__all__ = ["database", "fab_template", "slapd"]


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[directory.Slapd]:
    """An empty directory, for the tests of one file."""
    with directory.running(tmp_path_factory.mktemp("slapd") / "place") as found:
        yield found
