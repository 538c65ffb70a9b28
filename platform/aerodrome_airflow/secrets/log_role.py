"""Task logs in S3: what sends them is lent the zone's role for some minutes, narrowed to the zone's own folder."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from aerodrome_airflow.secrets.answers import Ages
from aerodrome_airflow.secrets.aws import SESSION_SECONDS, SPARE_SECONDS, Account, Identity
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.protocol import Lookup
from aerodrome_airflow.secrets.store import Attempt, RefusedError, Value

AGES = Ages(fresh=300.0, stale=SESSION_SECONDS - SPARE_SECONDS)
"""What is handed out serves for ten minutes more; while STS is away, for one at least."""


@dataclass(frozen=True)
class LogPlace:
    """Where the logs of one zone go; *base* ends with a slash. *role* is an ARN that the account's login may assume."""

    account: Account
    role: str
    bucket: str
    base: str
    kms_key: str = ""

    def policy(self) -> str:
        """Return what is lent at most: new objects below the base. Nothing is read, listed or deleted."""
        partition = self.role.split(":")[1]
        objects = f"arn:{partition}:s3:::{self.bucket}/{self.base}*"
        allowed = {objects: ["s3:PutObject", "s3:AbortMultipartUpload"]}
        if self.kms_key:
            allowed[self.kms_key] = ["kms:GenerateDataKey", "kms:Decrypt"]
        statements = [{"Effect": "Allow", "Action": may, "Resource": [what]} for what, may in allowed.items()]
        return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


class LogRole:
    """Credentials for the logs of one zone."""

    def __init__(self, place: LogPlace, zone: str, clock: Clock) -> None:
        self._place = place
        self._aws = Identity(place.account, zone, clock)
        self._assuming = asyncio.Lock()

    async def read(self, lookup: Lookup, attempt: Attempt) -> Value:
        """Return new credentials; RefusedError where they are asked for in the name of a tenant."""
        if not lookup.shared:
            raise RefusedError
        role, policy = self._place.role, self._place.policy()
        async with self._assuming:
            found = await attempt(lambda: self._aws.in_thread(lambda: self._aws.narrowed(role, policy)))
        return found.lent()

    async def close(self) -> None:
        """Give the threads back."""
        self._aws.close()
