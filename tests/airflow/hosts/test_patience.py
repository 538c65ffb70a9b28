"""A task whose worker is cut off goes on for a time, whatever the network does to its requests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from aerodrome_airflow.patience import have_patience
from airflow.sdk.api.client import Client
from airflow.sdk.execution_time.supervisor import ActivitySubprocess
from live_platform import free_ports

SECONDS = 2.0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Airflow as a worker has it on a host, with little patience; afterwards as it was."""
    retry: Any = Client.request.retry  # type: ignore[attr-defined]
    monkeypatch.setattr(retry, "stop", retry.stop)
    monkeypatch.setattr(
        ActivitySubprocess, "_handle_heartbeat_failures", ActivitySubprocess._handle_heartbeat_failures
    )
    have_patience(SECONDS)
    yield


def test_a_request_is_tried_for_so_long_however_quickly_it_fails() -> None:
    """Nobody listens there: every attempt fails at once."""
    address = f"http://127.0.0.1:{free_ports(('nobody',))['nobody']}"
    began = time.monotonic()
    with pytest.raises(httpx.ConnectError):
        Client(base_url=address, token="").request("GET", "/")
    assert time.monotonic() - began >= SECONDS


@pytest.mark.parametrize(("silent", "ended"), [(SECONDS / 2, 0), (SECONDS, 1), (100 * SECONDS, 1)])
def test_a_task_that_was_not_heard_of_for_so_long_is_ended(silent: float, ended: int) -> None:
    """At the first failure, for that one may have taken all the time."""
    killed: list[bool] = []
    task = SimpleNamespace(id="task", failed_heartbeats=0, kill=lambda *_, force: killed.append(force))
    task._last_successful_heartbeat = time.monotonic() - silent
    ActivitySubprocess._handle_heartbeat_failures(task, OSError())  # type: ignore[arg-type]
    assert killed == [True] * ended
