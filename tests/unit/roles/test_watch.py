"""What people hear of runs that fail or are held back: each thing once."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import pytest
from aerodrome_airflow.roles.brake import Brake
from aerodrome_airflow.roles.watch import ALERT_SECONDS, LINE_SECONDS, Watch

MODULE = "aerodrome_airflow.roles.watch"
BRAKE = Brake(10, 10, 10, 0.2)


@dataclass
class Listener:
    """A clock that is set by hand, and a channel that is reached or not."""

    now: float = 0
    reached: bool = True
    heard: list[str] = field(default_factory=list)

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def alert(self, kind: str, text: str) -> bool:
        """Hear of something."""
        self.heard.append(kind)
        return self.reached


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Its lines arrive, whatever an earlier test of this process has set up for Airflow's logging."""
    logging.disable(logging.NOTSET)
    for name in ("aerodrome_airflow", "aerodrome_airflow.roles", MODULE):
        monkeypatch.setattr(logging.getLogger(name), "disabled", False)
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    caplog.set_level(logging.INFO, logger=MODULE)


@pytest.fixture
def listener() -> Listener:
    """Nobody has heard anything."""
    return Listener()


def fail(watch: Watch, listener: Listener, seconds: float) -> None:
    """Let runs fail every 20 seconds for *seconds*."""
    end = listener.now + seconds
    while listener.now < end:
        watch.failed("no answer")
        listener.now += 20


def test_a_directory_that_is_away_is_told_once_a_minute_and_alerted_once(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    """After five minutes, and when it is back."""
    watch = Watch(listener.alert, listener.clock)
    fail(watch, listener, ALERT_SECONDS)
    assert len(caplog.records) == ALERT_SECONDS / LINE_SECONDS and listener.heard == []
    fail(watch, listener, 3600)
    assert listener.heard == ["roles-stalled"]
    watch.succeeded(None)
    watch.succeeded(None)
    assert listener.heard == ["roles-stalled", "roles-followed-again"]


def test_a_short_absence_alerts_nobody(listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    """The log tells that it was, and that it is over."""
    caplog.set_level(logging.INFO)
    watch = Watch(listener.alert, listener.clock)
    watch.failed("no answer")
    watch.succeeded(None)
    told = [record.getMessage() for record in caplog.records]
    assert told == ["roles stay as they are: no answer", "roles follow the directory again"]
    assert listener.heard == []


def test_each_absence_is_a_new_one(listener: Listener) -> None:
    """And told again."""
    watch = Watch(listener.alert, listener.clock)
    for _ in range(2):
        fail(watch, listener, 2 * ALERT_SECONDS)
        watch.succeeded(None)
    assert listener.heard == ["roles-stalled", "roles-followed-again"] * 2


def test_the_brake_is_alerted_once_until_it_lets_go(listener: Listener) -> None:
    """Then the next one is another one."""
    watch = Watch(listener.alert, listener.clock)
    for brake in (*[BRAKE] * 30, None, *[BRAKE] * 30):
        listener.now += 20
        watch.succeeded(brake)
    assert listener.heard == ["roles-brake", "roles-brake"]


def test_an_alert_that_reached_nobody_is_sent_again(listener: Listener) -> None:
    """Once a minute, until it does."""
    watch, listener.reached = Watch(listener.alert, listener.clock), False
    watch.succeeded(BRAKE)
    listener.now, listener.reached = LINE_SECONDS, True
    watch.succeeded(BRAKE)
    listener.now = 10 * LINE_SECONDS
    watch.succeeded(BRAKE)
    assert listener.heard == ["roles-brake", "roles-brake"]
