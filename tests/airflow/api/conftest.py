"""The servers that the tests of people's and of tasks' rights share.

People's tests run first: those of tasks plant things by way of the server without defences.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import served


@pytest.fixture(scope="session")
def place(postgres: Any) -> Iterator[Any]:
    """An API server with all defences and one with none, on one database with two tenants."""
    with served.shared(postgres) as place:
        yield place
