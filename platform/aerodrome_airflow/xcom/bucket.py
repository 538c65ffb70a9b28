"""A bucket of S3, reached for each tenant with credentials of that tenant's own role, lent by the zone's agent.

This process holds no key of its own: one that stands in its environment is not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from aerodrome_airflow.secrets import borrowed
from aerodrome_airflow.secrets.borrowed import Now, now
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import RESULTS, Lookup
from aerodrome_airflow.xcom.errors import StoreError
from aerodrome_airflow.xcom.s3 import S3Store

# One attempt in a task's time; the task's own retries are the long wait.
_WAITING = borrowed.Waiting(connect=5, read=60, attempts=5)
CREDENTIALS, COLLECTING = "credentials", "platform"


@dataclass(frozen=True)
class Bucket:
    """Where the results are; *base* ends with a slash or is empty."""

    name: str
    base: str
    region: str | None = None
    endpoint: str | None = None


class BucketStores:
    """Stores in one bucket."""

    def __init__(self, bucket: Bucket, agent: AgentClient, now: Now = now) -> None:
        self._bucket, self._agent, self._now = bucket, agent, now
        self._stores: dict[Lookup, S3Store] = {}

    def of(self, tenant: str) -> S3Store:
        """Return the store as *tenant*'s role reaches it; the role is borrowed when the first object is asked for."""
        return self._store(Lookup(tenant, RESULTS, CREDENTIALS))

    def all(self) -> S3Store:
        """Return the store as the collector's role reaches it: it lists and removes, and opens nothing."""
        return self._store(Lookup(COLLECTING, RESULTS, CREDENTIALS, shared=True))

    def _store(self, lookup: Lookup) -> S3Store:
        if lookup not in self._stores:
            connect = partial(self._connect, lookup)
            self._stores[lookup] = S3Store(connect, self._bucket.name, self._bucket.base)
        return self._stores[lookup]

    def _connect(self, lookup: Lookup) -> Any:
        bucket = self._bucket
        return borrowed.client(
            partial(self._ask, lookup),
            _WAITING,
            self._now,
            region_name=bucket.region,
            endpoint_url=bucket.endpoint,
        )

    def _ask(self, lookup: Lookup) -> dict[str, str]:
        remedy = "" if lookup.shared else ": run the task again when that is over"
        try:
            return borrowed.lent(self._agent, lookup, self._now, remedy)
        except borrowed.NotLentError as why:
            raise StoreError(str(why)) from None
