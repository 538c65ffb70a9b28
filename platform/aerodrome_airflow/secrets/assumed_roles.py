"""Connections that name a role of AWS: the tenant's own role becomes it, and a task is lent keys of that session."""

from __future__ import annotations

import asyncio
import re
from functools import partial

from aerodrome import names

from aerodrome_airflow.secrets.answers import Ages
from aerodrome_airflow.secrets.aws import SPARE_SECONDS, Credentials, EndedError, Identity
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.protocol import Lookup
from aerodrome_airflow.secrets.ssm import Parameters
from aerodrome_airflow.secrets.store import Attempt, RefusedError, UnavailableError, Value

SESSION_SECONDS = 3600
"""The longest that STS grants who is a role already; every role allows it."""
AGES = Ages(fresh=900.0, stale=SESSION_SECONDS - SPARE_SECONDS)
"""What is handed out serves for 45 minutes more; while STS is away, for one at least."""
_LONGEST_NAME = 64
_UNFIT = re.compile(r"[^\w+=,.@-]", re.ASCII)


class ConnectionRoles:
    """Keys of the roles that environment.yaml lists for each tenant, and of no others."""

    def __init__(self, account: Parameters, environment: str, zone: str, clock: Clock) -> None:
        self._account, self._environment = account, environment
        # What AWS's services look like takes memory, which most environments need not spend.
        self._aws = Identity(account, zone, clock) if account.connection_roles else None
        self._assuming = asyncio.Lock()

    async def read(self, lookup: Lookup, attempt: Attempt) -> Value:
        """Return new keys of the role that *lookup* names, by way of its tenant's own role."""
        if lookup.shared:
            raise RefusedError(_of_everybody(lookup))
        if self._aws is None or lookup.role not in self._account.connection_roles.get(lookup.tenant, ()):
            raise RefusedError(self._unlisted(lookup))
        call = partial(_keys, self._aws, self._own(lookup.tenant), lookup)
        async with self._assuming:
            # Both roles in one attempt: STS would else answer again each time that it refuses the second one.
            return (await attempt(partial(self._aws.in_thread, call))).lent()

    async def close(self) -> None:
        """Give the threads back."""
        if self._aws is not None:
            self._aws.close()

    def _own(self, tenant: str) -> str:
        place = self._environment
        return self._account.role(names.iam_path(place), names.iam_role(place, tenant))

    def _unlisted(self, lookup: Lookup) -> str:
        return (
            f"{lookup.shown}: environments/{self._environment}/environment.yaml does not list the role for this "
            f"tenant: add it to secrets.ssm.connection_roles.{lookup.tenant} and deploy, or have the connection "
            "written anew with `make secret`"
        )


def session_name(lookup: Lookup) -> str:
    """Return how CloudTrail tells whose session it is: the connection's id, which begins with the tenant."""
    return _UNFIT.sub("-", lookup.key)[:_LONGEST_NAME]


def _keys(aws: Identity, own: str, lookup: Lookup) -> Credentials:
    try:
        return aws.onward(aws.assume(own), lookup.role, session_name(lookup), SESSION_SECONDS)
    except RefusedError:
        raise RefusedError(_not_trusted(lookup, own)) from None
    except EndedError:
        raise UnavailableError("AWS does not accept the session that it has just granted") from None


def _of_everybody(lookup: Lookup) -> str:
    return (
        f"{lookup.shown}: a role is one tenant's, and this connection is everybody's: have it written anew with an "
        "access key, or one for each tenant"
    )


def _not_trusted(lookup: Lookup, own: str) -> str:
    return (
        f"{lookup.shown}: AWS does not let {own} be that role: the role's trust policy must name this one, "
        "and `make plan` must have nothing to change about it"
    )
