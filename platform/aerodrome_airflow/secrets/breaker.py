"""How often the store is asked: as needed while it answers, at most once a second while it does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.store import UnavailableError

T = TypeVar("T")
PAUSE = 1.0
LONGEST_PAUSE = 30.0
"""Seconds between attempts at a store that wants to be asked less often."""
ATTEMPT_SECONDS = 3.0
WIDTH = 8
"""Calls at once to a store that answered within the last second."""

log = logging.getLogger("secrets")


class Breaker:
    """Lets calls to the store begin; one that fails holds back the others until one succeeds."""

    def __init__(
        self, clock: Clock, seconds: float = ATTEMPT_SECONDS, store: str = "the secrets store"
    ) -> None:
        self._clock, self._store = clock, store
        self._seconds = seconds
        self._problem: UnavailableError | None = None
        self._running = 0
        self._pause = PAUSE
        self._next = self._good = float("-inf")
        self._ended = asyncio.Event()

    async def attempt(self, call: Callable[[], Awaitable[T]], *, patient: bool = True) -> T:
        """Return what *call* returns; UnavailableError where it fails, or where it is too early to try again.

        *patient*: wait for an attempt that is under way, and try after it where it succeeds.
        """
        while not self._may_start():
            if self._problem and not (patient and self._running):
                raise type(self._problem)(str(self._problem))
            await self._ended.wait()
        return await self._make(call)

    async def _make(self, call: Callable[[], Awaitable[T]]) -> T:
        self._running += 1
        self._next = self._clock() + PAUSE
        try:
            async with asyncio.timeout(self._seconds):
                found = await call()
        except TimeoutError:
            problem = UnavailableError(f"no answer within {self._seconds:g} s")
            self._failed(problem)
            raise problem from None
        except UnavailableError as problem:
            self._failed(problem)
            raise
        except Exception:
            # The store said no: it is there.
            self._succeeded()
            raise
        else:
            self._succeeded()
            return found
        finally:
            self._running -= 1
            self._ended.set()
            self._ended = asyncio.Event()

    def _may_start(self) -> bool:
        now = self._clock()
        if self._problem:
            return self._running == 0 and now >= self._next
        # After a silence the first call finds out whether the store is there; the others wait for it.
        return self._running == 0 or (self._running < WIDTH and now - self._good < PAUSE)

    def _failed(self, problem: UnavailableError) -> None:
        self._pause = min(2 * self._pause, LONGEST_PAUSE) if problem.throttled else PAUSE
        self._next = max(self._next, self._clock() + self._pause) if problem.throttled else self._next
        if self._problem is None:
            log.warning("%s does not answer: %s", self._store, problem)
        self._problem = problem

    def _succeeded(self) -> None:
        if self._problem:
            log.warning("%s answers again", self._store)
        self._problem, self._pause, self._good = None, PAUSE, self._clock()
