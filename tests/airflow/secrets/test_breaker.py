"""When calls to the store begin."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from aerodrome_airflow.secrets.breaker import WIDTH, Breaker
from aerodrome_airflow.secrets.store import RefusedError, UnavailableError
from running_agent import Time


def failing(calls: list[float], clock: Time, *, throttled: bool = False) -> Callable[[], Awaitable[str]]:
    """Return a call that notes its time and fails."""

    async def call() -> str:
        calls.append(clock.now)
        raise UnavailableError("away", throttled=throttled)

    return call


async def good() -> str:
    """Answer."""
    return "value"


def test_throttled_calls_come_less_and_less_often() -> None:
    """Two seconds, four, eight, thirty at most; a success makes it quick again."""
    clock, calls = Time(), list[float]()

    async def work() -> None:
        breaker = Breaker(clock)
        for _ in range(200):
            with pytest.raises(UnavailableError):
                await breaker.attempt(failing(calls, clock, throttled=True))
            clock.now += 1
        clock.now += 30
        assert await breaker.attempt(good) == "value"

    asyncio.run(work())
    pauses = [later - earlier for earlier, later in pairwise(calls)]
    assert pauses[:5] == [2, 4, 8, 16, 30] and set(pauses[5:]) == {30}


def test_many_at_once_find_out_by_one_call() -> None:
    """After a silence the first call decides for all."""
    clock, calls = Time(), list[float]()

    async def work() -> list[str | BaseException]:
        breaker = Breaker(clock)
        return await asyncio.gather(
            *(breaker.attempt(failing(calls, clock)) for _ in range(50)), return_exceptions=True
        )

    outcomes = asyncio.run(work())
    assert len(calls) == 1 and {type(outcome) for outcome in outcomes} == {UnavailableError}


def test_a_store_that_answers_slowly_has_few_calls_at_once() -> None:
    """As many as it may, never more, and everybody is answered."""
    under_way, seen = list[None](), list[int]()

    async def slow() -> str:
        under_way.append(None)
        seen.append(len(under_way))
        for _ in range(50):
            await asyncio.sleep(0)
        under_way.pop()
        return "value"

    async def work() -> list[str]:
        breaker = Breaker(Time())
        await breaker.attempt(good)
        return await asyncio.gather(*(breaker.attempt(slow) for _ in range(50)))

    assert asyncio.run(work()) == ["value"] * 50
    assert max(seen) == WIDTH


def test_whoever_waits_for_a_call_goes_on_when_it_succeeds() -> None:
    """The store is back: nobody who has no older value is sent away."""
    clock = Time()

    async def slow() -> str:
        await asyncio.sleep(0.05)
        return "value"

    async def work() -> list[str]:
        breaker = Breaker(clock)
        with pytest.raises(UnavailableError):
            await breaker.attempt(failing([], clock))
        clock.now += 1
        return await asyncio.gather(*(breaker.attempt(slow) for _ in range(5)))

    assert asyncio.run(work()) == ["value"] * 5


def test_a_refusal_is_an_answer() -> None:
    """A store that says no is there: the next call begins at once."""

    async def refused() -> str:
        raise RefusedError

    async def work() -> str:
        breaker = Breaker(Time())
        with pytest.raises(RefusedError):
            await breaker.attempt(refused)
        return await breaker.attempt(good)

    assert asyncio.run(work()) == "value"


def test_whoever_gives_up_frees_the_way() -> None:
    """A cancelled call is neither a success nor a failure."""
    clock = Time()

    async def work() -> str:
        breaker = Breaker(clock)
        task = asyncio.create_task(breaker.attempt(lambda: asyncio.sleep(60)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await breaker.attempt(good)

    assert asyncio.run(work()) == "value"
