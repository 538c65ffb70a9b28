"""AWS Systems Manager Parameter Store: each value is read as the IAM role of its tenant, by its exact name."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from aerodrome import names

from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.protocol import CONNECTION, Lookup
from aerodrome_airflow.secrets.store import (
    Attempt,
    LoginRefusedError,
    MissingError,
    RefusedError,
    UnavailableError,
    UnusableError,
    Value,
)

SESSION_SECONDS = 900
"""The shortest that STS grants."""
SPARE_SECONDS = 60.0
MOST_SESSIONS = 200
THREADS = 8
_MISSING = {"ParameterNotFound", "ParameterVersionNotFound"}
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_ENDED = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
_THROTTLED = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
              "RequestLimitExceeded", "RequestThrottled", "TooManyUpdates", "LimitExceededException"}  # fmt: skip


@dataclass(frozen=True)
class Credentials:
    """An access key of AWS."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)

    def keywords(self) -> dict[str, str]:
        """Return them as boto3 takes them."""
        token = {"aws_session_token": self.token} if self.token else {}
        return {
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            **token,
        }


@dataclass(frozen=True)
class Account:
    """Where the parameters are, and who asks: the *login*, or the role of the machine where there is none.

    That is the zone's role already, or may assume it, *agent_role*; the zone's role may assume the tenants'.
    """

    region: str
    number: str
    prefix: str = "/aerodrome"
    partition: str = "aws"
    endpoint: str | None = None
    agent_role: str | None = None
    login: Credentials | None = None

    def role(self, environment: str, tenant: str) -> str:
        """Return the ARN of the role of *tenant*."""
        return names.iam_role_arn(self.partition, self.number, environment, tenant)


@dataclass(frozen=True)
class _Session:
    client: Any
    ends: float


class EndedError(Exception):
    """AWS no longer knows the credentials that the call was made with."""


class ParameterStore:
    """The store of one environment."""

    def __init__(self, account: Account, environment: str, zone: str, clock: Clock) -> None:
        self._account, self._environment, self._zone, self._clock = account, environment, zone, clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="aws")
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._assuming = asyncio.Lock()
        self._machine: Any = None
        self._own: tuple[Credentials, float] | None = None

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
        return await attempt(lambda: self._in_thread(lambda: _parameter(session.client, name)))

    async def close(self) -> None:
        """End the threads; a call that hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

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
            client = await attempt(lambda: self._in_thread(lambda: self._assume(tenant)))
            self._sessions[tenant] = session = _Session(client, ends)
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
            return session

    def _assume(self, tenant: str) -> Any:
        """Return the access to parameters that *tenant*'s role has in this zone."""
        own, role = self._zones_own(), self._account.role(self._environment, tenant)
        # The tenant's role reads what may be used in this zone, and trusts nobody without this word.
        tags = [{"Key": names.IAM_ZONE_TAG, "Value": self._zone}]
        try:
            return self._client("ssm", self._assumed(role, own, Tags=tags))
        except EndedError:
            self._own = None
            raise LoginRefusedError("AWS does not accept the credentials of this machine") from None

    def _zones_own(self) -> Credentials | None:
        """Return who the agent is: its login or machine's role, or the zone's role that these may assume."""
        role = self._account.agent_role
        if role is None:
            return self._account.login
        if self._own is None or self._clock() >= self._own[1]:
            ends = self._clock() + SESSION_SECONDS - SPARE_SECONDS
            try:
                self._own = self._assumed(role, self._account.login), ends
            except (EndedError, RefusedError):
                raise LoginRefusedError(f"AWS does not let this machine be {role}") from None
        return self._own[0]

    def _assumed(self, role: str, by: Credentials | None, **more: Any) -> Credentials:
        asked = {"RoleArn": role, "RoleSessionName": f"aerodrome-{self._zone}", **more}
        sts = self._client("sts", by)
        found = _asked(lambda: sts.assume_role(**asked, DurationSeconds=SESSION_SECONDS))["Credentials"]
        return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def _client(self, service: str, by: Credentials | None) -> Any:
        import boto3
        from botocore.config import Config

        # The breaker repeats; and the two together stay below the time of an attempt.
        config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})
        # One for all clients, which share the descriptions of AWS's services; only one thread at a time makes any.
        self._machine = self._machine or boto3.session.Session(region_name=self._account.region)
        return self._machine.client(
            service, endpoint_url=self._account.endpoint, config=config, **(by.keywords() if by else {})
        )

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _parameter(client: Any, name: str) -> Value:
    found = _asked(lambda: client.get_parameter(Name=name, WithDecryption=True))
    try:
        return dict(json.loads(found["Parameter"]["Value"]))
    except (KeyError, TypeError, ValueError, RecursionError):
        raise UnusableError(f"the parameter {name} holds no JSON object") from None


def _asked(call: Callable[[], Any]) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call()
    except ClientError as problem:
        raise _meaning(str(problem.response.get("Error", {}).get("Code", ""))) from None
    except BotoCoreError as problem:
        raise UnavailableError(f"AWS does not answer ({type(problem).__name__})") from None


def _meaning(code: str) -> Exception:
    if code in _MISSING:
        return MissingError()
    if code in _REFUSED:
        return RefusedError()
    if code in _ENDED:
        return EndedError()
    return UnavailableError(f"AWS answers {code}", throttled=code in _THROTTLED)
