"""Whoever waits for a platform asks its processes again and again."""

from __future__ import annotations

import ssl
import subprocess
import sys
from typing import Any

import pytest
from aerodrome.clients.airflow import Airflow
from stand_in import serving


def test_the_machines_authorities_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """To read them for each question took a quarter of a core while all processes of a platform started."""
    read: list[Any] = []
    real = ssl.create_default_context
    monkeypatch.setattr(
        ssl, "create_default_context", lambda *some, **more: read.append(some) or real(*some, **more)
    )
    with serving() as (_, port):
        assert all(Airflow(f"http://127.0.0.1:{port}").answers() for _ in range(3))
    assert len(read) <= 1


def test_a_command_that_asks_no_broker_imports_no_client_of_one() -> None:
    """It brings a whole toolkit of telemetry, which every command would wait for."""
    program = "import sys, aerodrome.local.loop.run_once; print('redis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
