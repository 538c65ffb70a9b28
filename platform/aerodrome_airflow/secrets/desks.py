"""Which store answers a lookup; each has a breaker and ages of its own, so that none waits for the other."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from aerodrome_airflow.secrets import assumed_roles, lending, log_role, results
from aerodrome_airflow.secrets.answers import Ages, Answers
from aerodrome_airflow.secrets.breaker import Breaker
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.protocol import CONNECTION, LOGS, RESULTS, Answer, Lookup
from aerodrome_airflow.secrets.store import Store


class Stores(NamedTuple):
    """What one agent reads from; None where it knows nothing of it."""

    secrets: Store | None
    results: Store | None
    logs: Store | None = None
    roles: Store | None = None

    async def close(self) -> None:
        """Close all."""
        for store in filter(None, self):
            await store.close()


class Desks:
    """Answers lookups of every kind; *ages* are those of secrets."""

    def __init__(self, stores: Stores, ages: Ages, clock: Clock) -> None:
        self._secrets = self._results = self._logs = self._roles = None
        if stores.secrets is not None:
            self._secrets = Answers(stores.secrets, Breaker(clock), ages, clock)
        if stores.results is not None:
            self._results = Answers(stores.results, Breaker(clock, store="AWS STS"), results.AGES, clock)
        if stores.logs is not None:
            self._logs = Answers(
                stores.logs, Breaker(clock, store="the STS of the logs"), log_role.AGES, clock
            )
        if stores.roles is not None:
            breaker = Breaker(clock, store="the STS of connections")
            self._roles = Answers(stores.roles, breaker, assumed_roles.AGES, clock)

    async def answer(self, lookup: Lookup) -> Answer:
        """Return what the task is told."""
        desk = {RESULTS: self._results, LOGS: self._logs}.get(lookup.kind, self._secrets)
        if desk is None:
            return Answer("refused", reason=f"this agent knows nothing of the {lookup.shown}")
        found = await desk.answer(lookup)
        role = lending.role_of(found.value) if lookup.kind == CONNECTION else ""
        if self._roles is None or not role:
            return found
        # After the connection was found, so that neither outlives the other: keys end, and connections are replaced.
        return lending.with_keys(found, await self._roles.answer(replace(lookup, role=role)))
