"""Of a canary that went well, each queue is told whose log does not come to where logs are sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from aerodrome.clients.airflow import Airflow
from aerodrome.kubernetes import smoke
from canary_server import QUEUES

Serving = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "_LOOK_SECONDS", 0.01)


def told(server: Any, *logged: str) -> list[str]:
    """Return what is told of logs, where those of the queues *logged* are sent."""
    said: list[str] = []
    test = smoke.SmokeTest(
        Airflow(server.url, "admin", "word"), QUEUES, lambda: None, said.append, logged=logged, arriving=0.05
    )
    test.run()
    return [line for line in said if "log" in line]


def test_a_log_that_does_not_arrive_is_told_and_no_failure(canary_server: Serving) -> None:
    """With the page that says why; of queues whose logs go nowhere nothing is."""
    with canary_server() as server:
        (line,) = told(server, "pii")
    assert line.startswith("queue pii: its task went well, but its log has not arrived")
    assert "show-logs-of-pods.md" in line


def test_logs_that_arrive_are_not_spoken_of(canary_server: Serving) -> None:
    """One line is enough."""
    with canary_server() as server:
        server.log = ("said by the task",)
        assert told(server, *QUEUES) == []


def test_a_server_that_shows_no_log_then_is_no_failure_either(canary_server: Serving) -> None:
    """What runs was seen to work."""
    with canary_server() as server:
        server.answers_logs = False
        assert len(told(server, *QUEUES)) == 2
