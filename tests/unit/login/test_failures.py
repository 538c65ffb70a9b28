"""Counting failed logins."""

from __future__ import annotations

import pytest
from aerodrome_airflow.login.failures import OF_ADDRESS, OF_NAME, REMEMBERED, SECONDS, Failures
from aerodrome_airflow.login.refusal import TooManyFailures


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


def failed(failures: Failures, name: str, address: str, times: int) -> None:
    """Let somebody fail."""
    for _ in range(times):
        failures.require_few(name, address)
        failures.note(name, address)


def test_a_name_is_tried_a_few_times_a_minute() -> None:
    """Then not until the first failures are a minute old; a right password begins anew."""
    clock = Clock()
    failures = Failures(clock)
    failed(failures, "anne", "10.0.0.1", OF_NAME)
    with pytest.raises(TooManyFailures):
        failures.require_few("anne", "10.0.0.1")
    clock.now += SECONDS + 1
    failed(failures, "anne", "10.0.0.1", OF_NAME - 1)
    failures.forget("anne", "10.0.0.1")
    failed(failures, "anne", "10.0.0.1", OF_NAME)


def test_nobody_is_locked_out_from_elsewhere() -> None:
    """Who fails in somebody's name does so for the own address."""
    failures = Failures(Clock())
    failed(failures, "anne", "10.0.0.1", OF_NAME)
    failures.require_few("anne", "10.0.0.2")
    failures.require_few("bob", "10.0.0.1")


def test_one_password_is_not_tried_on_everybody() -> None:
    """An address fails so many times a minute, in whatever names; a right one in between gives it nothing."""
    failures = Failures(Clock())
    for number in range(OF_ADDRESS):
        failed(failures, f"name{number}", "10.0.0.1", 1)
        failures.forget("own", "10.0.0.1")
    with pytest.raises(TooManyFailures):
        failures.require_few("another", "10.0.0.1")


def test_what_is_remembered_has_an_end() -> None:
    """However many names somebody makes up."""
    failures = Failures(Clock())
    for number in range(REMEMBERED):
        failures.note(f"name{number}", f"10.0.0.{number % 200}")
    assert len(failures._times) == REMEMBERED
