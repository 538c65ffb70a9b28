"""A task whose worker is cut off goes on for a time, whatever the network does to its requests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from aerodrome_airflow.patience import Silence, have_patience
from airflow.sdk.api.client import Client
from airflow.sdk.execution_time.supervisor import ActivitySubprocess
from free_ports import free_port

SECONDS, ATTEMPT = 2.0, 0.5


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Airflow as a worker has it on a host, with little patience; afterwards as it was."""
    retry: Any = Client.request.retry  # type: ignore[attr-defined]
    monkeypatch.setattr(retry, "stop", retry.stop)
    monkeypatch.setattr(
        ActivitySubprocess, "_handle_heartbeat_failures", ActivitySubprocess._handle_heartbeat_failures
    )
    monkeypatch.setattr(Client, "_update_auth", Client._update_auth)
    have_patience(SECONDS, ATTEMPT)
    yield


@pytest.fixture
def away() -> Client:
    """A client of an API that nobody listens for: every attempt fails at once."""
    return Client(base_url=f"http://127.0.0.1:{free_port()}", token="")


def test_a_request_is_tried_again_and_ends_in_time(away: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """However quickly its attempts fail, and however long the pause or the attempt would be that comes next."""
    monkeypatch.setattr(Client.request.retry, "wait", lambda _: 0.3)  # type: ignore[attr-defined]
    began = time.monotonic()
    with pytest.raises(httpx.ConnectError):
        away.request("GET", "/")
    assert SECONDS - ATTEMPT - 0.3 <= time.monotonic() - began <= SECONDS


def test_what_follows_in_the_same_silence_is_not_tried_for_as_long_again(away: Client) -> None:
    """A heartbeat that had to wait for another request's end would else come twice as late."""
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(httpx.ConnectError):
            away.request("GET", "/")
    assert time.monotonic() - began <= SECONDS


def test_an_answer_ends_the_silence() -> None:
    """What fails later has all the time again; an error of the server's own is no answer."""
    silence, attempt = (
        Silence(SECONDS, ATTEMPT),
        SimpleNamespace(start_time=time.monotonic(), upcoming_sleep=0),
    )
    attempt.start_time -= SECONDS
    assert silence.is_over(attempt)
    silence.note(503)
    assert silence.is_over(SimpleNamespace(start_time=time.monotonic(), upcoming_sleep=0))
    silence.note(404)
    assert not silence.is_over(SimpleNamespace(start_time=time.monotonic(), upcoming_sleep=0))


@pytest.mark.parametrize(("silent", "ended"), [(SECONDS / 2, 0), (SECONDS, 1), (100 * SECONDS, 1)])
def test_a_task_that_was_not_heard_of_for_so_long_is_ended(silent: float, ended: int) -> None:
    """At the first failure, for that one may have taken all the time."""
    killed: list[bool] = []
    task = SimpleNamespace(id="task", failed_heartbeats=0, kill=lambda *_, force: killed.append(force))
    task._last_successful_heartbeat = time.monotonic() - silent
    ActivitySubprocess._handle_heartbeat_failures(task, OSError())  # type: ignore[arg-type]
    assert killed == [True] * ended
