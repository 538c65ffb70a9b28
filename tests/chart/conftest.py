"""The chart and the programs that render it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aerodrome.helm_binaries import fetch_helm
from helm_process import run_helm


@pytest.fixture(scope="session")
def chart(repository: Path) -> Path:
    """The folder of the chart."""
    return repository / "helm/airflow"


@pytest.fixture(scope="session")
def helm(repository: Path) -> dict[str, Path]:
    """helm3 and helm4."""
    return fetch_helm(repository / ".venv/helm")


@pytest.fixture(scope="session")
def render(chart: Path, helm: dict[str, Path]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A call renders the chart with further arguments, by default with Helm 3."""

    def rendered(*arguments: str | Path, program: str = "helm3") -> subprocess.CompletedProcess[str]:
        return run_helm([helm[program], "template", "r", chart, *arguments])

    return rendered


@pytest.fixture(scope="session")
def values(chart: Path) -> dict[str, Any]:
    """The default values."""
    return dict(yaml.safe_load((chart / "values.yaml").read_text()))
