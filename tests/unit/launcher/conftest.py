"""A real launcher, twice: as root with a user per tenant, and as an ordinary user without isolation."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _module() -> ModuleType:
    """Return launcher_under_test.py: test folders are no packages, so it has no name to import it by."""
    name = "launcher_under_test"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


_module()


@pytest.fixture(scope="module", params=["root", "ordinary"])
def launcher(request: pytest.FixtureRequest, repository: Path, spare_users: tuple[str, ...]) -> Iterator[Any]:
    """A running launcher; each test that uses it runs in both modes."""
    with _module().running(request.param, repository, spare_users) as under_test:
        yield under_test


@pytest.fixture(scope="module")
def root_launcher(repository: Path, spare_users: tuple[str, ...]) -> Iterator[Any]:
    """A running launcher that isolates tenants."""
    with _module().running("root", repository, spare_users) as under_test:
        yield under_test
