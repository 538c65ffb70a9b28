"""Answers to tasks: from the cache, from the store, or from the cache again while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from aerodrome_airflow.secrets.breaker import Breaker
from aerodrome_airflow.secrets.cache import Cache, Kept
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.protocol import LOGS, RESULTS, Answer, Lookup
from aerodrome_airflow.secrets.store import (
    LoginRefusedError,
    MissingError,
    RefusedError,
    Store,
    UnavailableError,
    UnusableError,
)

T = TypeVar("T")
NEGATIVE_SECONDS = 5.0
"""For so long what is missing or refused is not asked for again."""
LONGEST_SECONDS = 7.0
"""A task waits for a login, a token and a value, each of which may take some time; not for all of them to fail."""


@dataclass(frozen=True)
class Ages:
    """Seconds: a value younger than *fresh* is used as it is, one younger than *stale* where the store is away."""

    fresh: float = 60.0
    stale: float = 900.0


class Answers:
    """Many tasks that ask for the same make one call."""

    def __init__(self, store: Store, breaker: Breaker, ages: Ages, clock: Clock) -> None:
        self._store, self._breaker, self._ages, self._clock = store, breaker, ages, clock
        self._cache = Cache()
        self._flights: dict[Lookup, asyncio.Task[Answer]] = {}

    async def answer(self, lookup: Lookup) -> Answer:
        """Return what the task is told."""
        kept = self._cache.get(lookup)
        if kept is not None and self._is_fresh(kept):
            return kept.answer
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                # Who gives up waiting does not end the call for the others.
                return await asyncio.shield(self._flight(lookup))
        except TimeoutError:
            return self._without_store(lookup, "it takes too long")

    def _flight(self, lookup: Lookup) -> asyncio.Task[Answer]:
        flight = self._flights.get(lookup)
        if flight is None:
            flight = self._flights[lookup] = asyncio.create_task(self._fetch(lookup))
            flight.add_done_callback(lambda _: self._flights.pop(lookup, None))
        return flight

    async def _fetch(self, lookup: Lookup) -> Answer:
        try:
            found = await self._store.read(lookup, _Attempts(self._breaker, self._usable(lookup) is None))
            answer = Answer("value", found)
        except MissingError:
            answer = Answer("missing", reason=f"nothing is stored as {lookup.shown}")
        except RefusedError as problem:
            answer = Answer("refused", reason=str(problem) or _not_allowed(lookup))
        except UnusableError as problem:
            answer = _unavailable(lookup, str(problem))
        except LoginRefusedError as problem:
            return _unavailable(lookup, str(problem))
        except UnavailableError as problem:
            return self._without_store(lookup, str(problem))
        self._cache.put(lookup, answer, self._clock())
        return answer

    def _without_store(self, lookup: Lookup, reason: str) -> Answer:
        kept = self._usable(lookup)
        if kept is None:
            return _unavailable(lookup, reason)
        return replace(kept.answer, age=int(self._clock() - kept.at))

    def _is_fresh(self, kept: Kept) -> bool:
        limit = self._ages.fresh if kept.answer.outcome == "value" else NEGATIVE_SECONDS
        return self._clock() - kept.at < limit

    def _usable(self, lookup: Lookup) -> Kept | None:
        kept = self._cache.get(lookup)
        old = kept is None or self._clock() - kept.at >= self._ages.stale
        return None if kept is None or old or kept.answer.outcome != "value" else kept


class _Attempts:
    """Attempts of one lookup, which is not *patient* where an older value will do."""

    def __init__(self, breaker: Breaker, patient: bool) -> None:
        self._breaker, self._patient = breaker, patient

    async def __call__(self, call: Callable[[], Awaitable[T]], /) -> T:
        return await self._breaker.attempt(call, patient=self._patient)


def _unavailable(lookup: Lookup, reason: str) -> Answer:
    return Answer("unavailable", reason=f"{lookup.shown} cannot be read now: {reason}")


def _not_allowed(lookup: Lookup) -> str:
    return f"{lookup.shown} may not be read on this queue: {_who_allows(lookup)}"


def _who_allows(lookup: Lookup) -> str:
    if lookup.kind == RESULTS:
        return "a deploy makes the IAM role for them; its plan tells what is wrong with it"
    if lookup.kind == LOGS:
        return "this host's login must be allowed to assume the role that hosts.logs.s3.role names"
    if lookup.shared:
        return "the platform's environment.yaml lists what all tenants may read"
    return "tenant.yaml names the tenant's connections and variables, and on which queues each may be used"
