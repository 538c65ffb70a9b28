"""AWS Systems Manager Parameter Store: each value is read as the IAM role of its tenant, by its exact name."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aerodrome import names

from aerodrome_airflow.secrets.aws import SESSION_SECONDS, SPARE_SECONDS, Account, EndedError, Identity, asked
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.protocol import CONNECTION, Lookup
from aerodrome_airflow.secrets.store import Attempt, UnavailableError, UnusableError, Value

MOST_SESSIONS = 200


@dataclass(frozen=True)
class Parameters(Account):
    """The account with the parameters, and what their names begin with.

    *connection_roles*: tenant → ARNs of the roles that its connections may name.
    """

    prefix: str = "/aerodrome"
    connection_roles: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Session:
    client: Any
    ends: float


class ParameterStore:
    """The store of one environment."""

    def __init__(self, account: Parameters, environment: str, zone: str, clock: Clock) -> None:
        self._account, self._environment, self._clock = account, environment, clock
        self._aws = Identity(account, zone, clock)
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._assuming = asyncio.Lock()

    async def read(self, lookup: Lookup, attempt: Attempt) -> Value:
        """Return the entry: one call where the tenant's role is assumed already."""
        try:
            return await self._read(lookup, attempt)
        except EndedError:
            self._sessions.pop(lookup.tenant, None)
        try:
            return await self._read(lookup, attempt)
        except EndedError:
            raise UnavailableError("AWS does not accept the session that it has just granted") from None

    async def _read(self, lookup: Lookup, attempt: Attempt) -> Value:
        name = self._name(lookup)
        session = await self._session(lookup.tenant, attempt)
        return await attempt(lambda: self._aws.in_thread(lambda: _parameter(session.client, name)))

    async def close(self) -> None:
        """Give the threads back."""
        self._aws.close()

    def _name(self, lookup: Lookup) -> str:
        build = names.connection_path if lookup.kind == CONNECTION else names.variable_path
        return f"{self._account.prefix}/{build(self._environment, lookup.owner, lookup.name)}"

    async def _session(self, tenant: str, attempt: Attempt) -> _Session:
        async with self._assuming:
            found = self._sessions.get(tenant)
            if found is not None and self._clock() < found.ends:
                self._sessions.move_to_end(tenant)
                return found
            ends = self._clock() + SESSION_SECONDS - SPARE_SECONDS
            client = await attempt(lambda: self._aws.in_thread(lambda: self._client_of(tenant)))
            self._sessions[tenant] = session = _Session(client, ends)
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
            return session

    def _client_of(self, tenant: str) -> Any:
        """Return the access to parameters that *tenant*'s role has in this zone."""
        place = self._environment
        role = self._account.role(names.iam_path(place), names.iam_role(place, tenant))
        return self._aws.client("ssm", self._aws.assume(role))


def _parameter(client: Any, name: str) -> Value:
    found = asked(lambda: client.get_parameter(Name=name, WithDecryption=True))
    try:
        return dict(json.loads(found["Parameter"]["Value"]))
    except (KeyError, TypeError, ValueError, RecursionError):
        raise UnusableError(f"the parameter {name} holds no JSON object") from None
