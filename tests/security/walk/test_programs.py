"""What counts as a login of the platform, where a program tries all that it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from free_ports import free_port
from suite.programs import TRIED


def _lets_in(state: Path, server: int) -> str:
    nowhere = f"http://127.0.0.1:{free_port()}"
    settings = {"API": nowhere, "VAULT": nowhere, "REDIS": str(free_port()), "POSTGRES": str(server)}
    command = [sys.executable, "-I", "-c", TRIED]
    environment = {"PATH": os.environ["PATH"], "STATE": str(state), "MOST": "10"} | settings
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("driver", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_login_of_the_platforms_database_is_found(postgres: Any, tmp_path: Path, driver: str) -> None:
    """However the address is spelt, and whatever host it names."""
    login = f"tester:{postgres.password}@elsewhere.invalid:1/postgres?sslmode=disable"
    (tmp_path / "left").write_text(f"address = '{driver}://{login}'\n")
    assert driver in _lets_in(tmp_path, postgres.port).split(", ")


def test_a_login_of_a_database_that_is_not_the_platforms_is_none(postgres: Any, tmp_path: Path) -> None:
    """Other programs leave theirs on the same machine."""
    (tmp_path / "left").write_text(postgres.uri)
    assert _lets_in(tmp_path, free_port()) == ""
