"""A deploy asks an Airflow whose API server has only just begun, and may be busy."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from aerodrome.clients import airflow
from aerodrome.clients.airflow import Airflow, NotAnsweringError
from aerodrome.kubernetes import smoke

QUEUES = ("default", "pii")
Serving = Callable[..., AbstractContextManager[Any]]


def _test(url: str, told: list[str], silent_for: float = 60) -> smoke.SmokeTest:
    return smoke.SmokeTest(
        Airflow(url, "admin", "word"), QUEUES, lambda: None, told.append, silent_for=silent_for
    )


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(airflow, "_AGAIN_SECONDS", 0.01)


@pytest.mark.parametrize("away", ["503", "cut"])
def test_an_api_server_that_is_away_for_a_moment_is_asked_again(canary_server: Serving, away: str) -> None:
    """Each single question of the test met that once."""
    told: list[str] = []
    with canary_server(away) as server:
        _test(server.url, told).run()
    assert [text for text in told if "queue" in text] == [
        f"queue {queue}: w took its task" for queue in QUEUES
    ]


def test_one_that_stays_away_is_told(canary_server: Serving) -> None:
    """With what it said last."""
    with (
        canary_server("503", always=True) as server,
        pytest.raises(NotAnsweringError, match="does not answer: 503"),
    ):
        _test(server.url, [], silent_for=0.05).run()
    assert server.asked > 1


@pytest.mark.parametrize("away", ["503", "cut"])
def test_a_patient_question_is_asked_again(canary_server: Serving, away: str) -> None:
    """So is the login before it."""
    with canary_server(away) as server:
        found = Airflow(server.url, "admin", "word", patience=60).task_instances("platform.canary", "run")
    assert [row["queue"] for row in found] == list(QUEUES)


def test_what_asks_for_a_change_is_sent_once(canary_server: Serving) -> None:
    """It may have been heard."""
    with (
        canary_server("503") as server,
        pytest.raises(NotAnsweringError, match="does not answer: 503"),
    ):
        Airflow(server.url, "admin", "word", patience=60).trigger("platform.canary")
    # The login twice, the change once.
    assert server.asked == 3
