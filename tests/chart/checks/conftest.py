"""Releases of the chart, rendered once for the tests of a process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import chart_releases
import pytest


@pytest.fixture(scope="session")
def release(helm: dict[str, Path]) -> Callable[..., tuple[Any, ...]]:
    """A call gives the objects of an example by name in a profile, by default with Helm 3."""

    def rendered(example: str, profile: str = "company", program: str = "helm3") -> tuple[Any, ...]:
        return chart_releases.objects(helm[program], profile, *chart_releases.files_of(example))

    return rendered
