"""Being a role of AWS for a while: the agent goes on as the role of its zone, and as that one's as a tenant's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from aerodrome import names

from aerodrome_airflow.secrets import pod_token
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.store import LoginRefusedError, MissingError, RefusedError, UnavailableError

T = TypeVar("T")
SESSION_SECONDS = 900
"""The shortest that STS grants."""
SPARE_SECONDS = 60.0
THREADS = 8
CONNECT_SECONDS, READ_SECONDS = 1.0, 2.0
"""The two together stay below the time of an attempt."""
_MISSING = {"ParameterNotFound", "ParameterVersionNotFound"}
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_ENDED = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
          "InvalidIdentityToken", "IDPRejectedClaim"}  # fmt: skip
_THROTTLED = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
              "RequestLimitExceeded", "RequestThrottled", "TooManyUpdates", "LimitExceededException"}  # fmt: skip


@dataclass(frozen=True)
class Credentials:
    """An access key of AWS; *ends*: when AWS stops to accept it."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    ends: datetime | None = None

    def keywords(self) -> dict[str, str]:
        """Return them as boto3 takes them."""
        token = {"aws_session_token": self.token} if self.token else {}
        return {
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            **token,
        }

    def lent(self) -> dict[str, str]:
        """Return them as who borrows them is told."""
        return {
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "token": self.token,
            "expiry_time": self.ends.isoformat() if self.ends else "",
        }


@dataclass(frozen=True)
class Account:
    """Who asks, and where: the *login*, or the role of the machine where there is none.

    That is the zone's role already, or may assume it, *agent_role*; the zone's role may assume the tenants'. In a
    cluster the pod's token in *token_file*, which the cluster renews, is what logs in: a worker's pod as its zone's
    role, a tenant's own, which has no *agent_role*, as the tenant's.
    """

    region: str
    number: str
    partition: str = "aws"
    endpoint: str | None = None
    agent_role: str | None = None
    login: Credentials | None = None
    token_file: Path | None = None
    ca_file: str | None = None

    def role(self, path: str, name: str) -> str:
        """Return the ARN of the role *name* at *path*, which begins and ends with a slash."""
        return f"arn:{self.partition}:iam::{self.number}:role{path}{name}"


_NOBODY = Credentials("none", "none")


class EndedError(Exception):
    """AWS no longer knows the credentials that the call was made with."""


class Identity:
    """The agent of one zone in AWS. `assume` and `client` are for one thread at a time."""

    def __init__(self, account: Account, zone: str, clock: Clock) -> None:
        import boto3

        self._account, self._zone, self._clock = account, zone, clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="aws")
        # One for all clients, which share the descriptions of AWS's services.
        self._machine = boto3.session.Session(region_name=account.region)
        self._own: tuple[Credentials, float] | None = None
        # On a busy machine loading them takes longer than an attempt may: not in the time of the first one.
        self.client("sts", _NOBODY)

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Return what *call*, which waits for AWS, returns."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def close(self) -> None:
        """End the threads; a call that hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def assume(self, role: str) -> Credentials:
        """Return credentials of *role*, with the zone as their tag unless a tenant's own pod asks."""
        if self._account.token_file is not None and self._account.agent_role is None:
            # What the role gives depends on the pod's account, which is the tenant's in this zone.
            return self._by_token(role, self._account.token_file)
        # A tenant's role gives what may be used in this zone, and trusts nobody without this word.
        tags = [{"Key": names.IAM_ZONE_TAG, "Value": self._zone}]
        return self._lent(role, Tags=tags)

    def narrowed(self, role: str, policy: str) -> Credentials:
        """Return credentials of *role* that reach no more than *policy*, a document of IAM, allows."""
        return self._lent(role, Policy=policy)

    def onward(self, by: Credentials, role: str, name: str, seconds: int) -> Credentials:
        """Return credentials of *role*, which trusts who *by* is, for *seconds*; CloudTrail shows them as *name*."""
        return self._assumed(role, by, RoleSessionName=name, DurationSeconds=seconds)

    def _lent(self, role: str, **more: Any) -> Credentials:
        try:
            return self._assumed(role, self._zones_own(), **more)
        except EndedError:
            self._own = None
            raise LoginRefusedError("AWS does not accept the credentials of this machine") from None

    def client(self, service: str, by: Credentials | None) -> Any:
        """Return a client of *service* that asks as *by*, or as the machine."""
        from botocore.config import Config

        # It is the breaker that repeats.
        once = {"total_max_attempts": 1}
        config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=once)
        place = {"endpoint_url": self._account.endpoint, "verify": self._account.ca_file}
        return self._machine.client(service, config=config, **place, **(by.keywords() if by else {}))

    def _zones_own(self) -> Credentials | None:
        """Return who the agent is: its login or machine's role, or the zone's role that these may assume."""
        role = self._account.agent_role
        if role is None:
            return self._account.login
        if self._own is None or self._clock() >= self._own[1]:
            ends = self._clock() + SESSION_SECONDS - SPARE_SECONDS
            self._own = self._as_zone(role), ends
        return self._own[0]

    def _as_zone(self, role: str) -> Credentials:
        if self._account.token_file is not None:
            return self._by_token(role, self._account.token_file)
        try:
            return self._assumed(role, self._account.login)
        except (EndedError, RefusedError):
            raise LoginRefusedError(f"AWS does not let this machine be {role}") from None

    def _assumed(self, role: str, by: Credentials | None, **more: Any) -> Credentials:
        sts, wanted = self.client("sts", by), self._wanted(role) | more
        return _credentials(asked(lambda: sts.assume_role(**wanted)))

    def _by_token(self, role: str, file: Path) -> Credentials:
        # The token is the whole proof: nothing that lies about on the machine signs the request.
        sts, wanted = self.client("sts", _NOBODY), self._wanted(role)
        token = pod_token.read(file)
        try:
            return _credentials(
                asked(lambda: sts.assume_role_with_web_identity(**wanted, WebIdentityToken=token))
            )
        except (EndedError, RefusedError):
            raise LoginRefusedError(f"AWS does not let this pod be {role}") from None

    def _wanted(self, role: str) -> dict[str, Any]:
        name = f"aerodrome-{self._zone}"
        return {"RoleArn": role, "RoleSessionName": name, "DurationSeconds": SESSION_SECONDS}


def _credentials(answer: Any) -> Credentials:
    found = answer["Credentials"]
    keys = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    return Credentials(*keys, ends=found["Expiration"])


def asked(call: Callable[[], Any]) -> Any:
    """Return what *call* returns, or raise what AWS's refusal means, without the text of it."""
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
