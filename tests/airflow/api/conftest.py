"""The servers that the tests of people's and of tasks' rights share.

People's tests run first: those of tasks plant things by way of the server without defences.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def _served() -> Any:
    name = "served_under_test"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("served.py"))
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def place(postgres: Any) -> Iterator[Any]:
    """An API server with all defences and one with none, on one database with two tenants."""
    with _served().shared(postgres) as place:
        yield place
