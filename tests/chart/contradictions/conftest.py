"""Values that the chart refuses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Told = Callable[..., list[str]]


@pytest.fixture(scope="session")
def told(render: Callable[..., subprocess.CompletedProcess[str]]) -> Told:
    """A call renders the chart with values that it must refuse, and gives what is wrong with them, a line each."""

    def refused(*arguments: str | Path, program: str = "helm3", **values: Any) -> list[str]:
        given = [f"--set-json={key}={json.dumps(value)}" for key, value in values.items()]
        done = render(*arguments, *given, program=program)
        assert done.returncode != 0, "the values were not refused"
        lines = done.stderr.partition("These values cannot be:\n")[2].splitlines()
        return [line.removeprefix("  - ") for line in lines if line.startswith("  - ")]

    return refused


@pytest.fixture(scope="session")
def taken(render: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., str]:
    """A call renders the chart with values that it must take, and gives what Helm prints."""

    def rendered(*arguments: str | Path, **values: Any) -> str:
        done = render(*arguments, *[f"--set-json={key}={json.dumps(value)}" for key, value in values.items()])
        assert done.returncode == 0, done.stderr
        return done.stdout

    return rendered
