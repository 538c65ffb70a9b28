"""Which store answers a lookup; each has a breaker and ages of its own, so that none waits for the other."""

from __future__ import annotations

from typing import NamedTuple

from aerodrome_airflow.secrets import log_role, results
from aerodrome_airflow.secrets.answers import Ages, Answers
from aerodrome_airflow.secrets.breaker import Breaker
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.protocol import LOGS, RESULTS, Answer, Lookup
from aerodrome_airflow.secrets.store import Store


class Stores(NamedTuple):
    """What one agent reads from; None where it knows nothing of it."""

    secrets: Store | None
    results: Store | None
    logs: Store | None = None

    async def close(self) -> None:
        """Close all."""
        for store in filter(None, self):
            await store.close()


class Desks:
    """Answers lookups of every kind; *ages* are those of secrets."""

    def __init__(self, stores: Stores, ages: Ages, clock: Clock) -> None:
        self._secrets = self._results = self._logs = None
        if stores.secrets is not None:
            self._secrets = Answers(stores.secrets, Breaker(clock), ages, clock)
        if stores.results is not None:
            self._results = Answers(stores.results, Breaker(clock, store="AWS STS"), results.AGES, clock)
        if stores.logs is not None:
            self._logs = Answers(
                stores.logs, Breaker(clock, store="the STS of the logs"), log_role.AGES, clock
            )

    async def answer(self, lookup: Lookup) -> Answer:
        """Return what the task is told."""
        desk = {RESULTS: self._results, LOGS: self._logs}.get(lookup.kind, self._secrets)
        if desk is None:
            return Answer("refused", reason=f"this agent knows nothing of the {lookup.shown}")
        return await desk.answer(lookup)
