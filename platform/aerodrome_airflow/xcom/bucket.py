"""A bucket of S3, reached for each tenant with credentials of that tenant's own role, lent by the zone's agent.

This process holds no key of its own: one that stands in its environment is not looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import RESULTS, Lookup
from aerodrome_airflow.xcom.errors import StoreError
from aerodrome_airflow.xcom.s3 import S3Store

# One attempt in a task's time; the task's own retries are the long wait.
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 5, 60, 5
RENEW_SECONDS = 240
"""So long before their end credentials are renewed, where that is possible; who gets none goes on with the old."""
END_SECONDS = 30
"""So long before their end they are not used any more."""
CREDENTIALS, COLLECTING = "credentials", "platform"
# Airflow's debug log would else hold the tokens that go with each request.
_TALKATIVE = ("boto3", "botocore")
Now = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Bucket:
    """Where the results are; *base* ends with a slash or is empty."""

    name: str
    base: str
    region: str | None = None
    endpoint: str | None = None


class BucketStores:
    """Stores in one bucket."""

    def __init__(self, bucket: Bucket, agent: AgentClient, now: Now = _now) -> None:
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
            connect = partial(_client, self._bucket, partial(self._lent, lookup))
            self._stores[lookup] = S3Store(connect, self._bucket.name, self._bucket.base)
        return self._stores[lookup]

    def _lent(self, lookup: Lookup) -> Any:
        from botocore.credentials import RefreshableCredentials

        ask = partial(self._ask, lookup)
        first = ask()
        return RefreshableCredentials(
            first["access_key"],
            first["secret_key"],
            first["token"],
            datetime.fromisoformat(first["expiry_time"]),
            ask,
            "aerodrome",
            self._now,
            RENEW_SECONDS,
            END_SECONDS,
        )

    def _ask(self, lookup: Lookup) -> dict[str, str]:
        answer = self._agent.ask(lookup)
        if answer.outcome != "value" or answer.value is None:
            remedy = "" if lookup.shared else ": run the task again when that is over"
            raise StoreError(f"{answer.reason}{remedy}")
        lent = {name: str(text) for name, text in answer.value.items()}
        if datetime.fromisoformat(lent["expiry_time"]) <= self._now():
            raise StoreError("what AWS lends has ended already: compare the clock of this machine with AWS's")
        return lent


@dataclass(frozen=True)
class _Lender:
    """What a session of botocore asks for credentials, in the place of all its own ways to find some."""

    load_credentials: Callable[[], Any]


def _client(bucket: Bucket, lent: Callable[[], Any]) -> Any:
    import boto3
    import botocore.session
    from botocore.config import Config

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO)
    asking = botocore.session.Session()
    asking.register_component("credential_provider", _Lender(lent))
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"max_attempts": _ATTEMPTS, "mode": "standard"},
    )
    session = boto3.session.Session(botocore_session=asking, region_name=bucket.region)
    return session.client("s3", endpoint_url=bucket.endpoint, config=config)
