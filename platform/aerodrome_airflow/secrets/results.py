"""Large results in S3: a task is lent its tenant's role for some minutes, and the collector its own."""

from __future__ import annotations

import asyncio

from aerodrome import names

from aerodrome_airflow.secrets.answers import Ages
from aerodrome_airflow.secrets.aws import SESSION_SECONDS, SPARE_SECONDS, Account, Identity
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.protocol import Lookup
from aerodrome_airflow.secrets.store import Attempt, Value

AGES = Ages(fresh=300.0, stale=SESSION_SECONDS - SPARE_SECONDS)
"""What is handed out serves for ten minutes more; while STS is away, for one at least."""


class ResultsRoles:
    """Credentials of the roles of one environment. AWS itself decides which of them this agent's role may be."""

    def __init__(self, account: Account, environment: str, zone: str, clock: Clock) -> None:
        self._account, self._environment = account, environment
        self._aws = Identity(account, zone, clock)
        self._assuming = asyncio.Lock()

    async def read(self, lookup: Lookup, attempt: Attempt) -> Value:
        """Return new credentials of the tenant's role, or of the collector's where all share what is asked for."""
        role = self._role(lookup)
        async with self._assuming:
            found = await attempt(lambda: self._aws.in_thread(lambda: self._aws.assume(role)))
        return found.lent()

    async def close(self) -> None:
        """Give the threads back."""
        self._aws.close()

    def _role(self, lookup: Lookup) -> str:
        place = self._environment
        collector = names.results_collector_role(place)
        name = collector if lookup.shared else names.results_role(place, lookup.tenant)
        return self._account.role(names.results_path(place), name)
