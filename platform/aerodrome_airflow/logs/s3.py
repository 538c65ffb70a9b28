"""Logs in a bucket of S3: written with what the zone's agent lends, read with the reader's own login.

In a cluster a pod's own token is the login of both: by it the pod is a role for logs and nothing else.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from aerodrome_airflow.logs.place import AwayError, RefusedError
from aerodrome_airflow.secrets import borrowed
from aerodrome_airflow.secrets.aws import Account, Identity
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.clock import since_boot
from aerodrome_airflow.secrets.protocol import LOGS, Lookup
from aerodrome_airflow.secrets.store import UnavailableError

# Who waits is somebody who looks at a log, or what sends them all: both come again.
_WAITING = borrowed.Waiting(connect=3, read=30, attempts=1)
_SERVER_ERROR = 500
_PIECE = 64 * 1024
_AT_ONCE = 64 * 1024 * 1024
_ASKED = Lookup("platform", LOGS, "credentials", shared=True)


class S3Logs:
    """Keys below *base*, which ends with a slash, of *bucket*; *connect* returns the client."""

    def __init__(self, connect: Callable[[], Any], bucket: str, base: str) -> None:
        self._connect, self._bucket, self._base = connect, bucket, base

    @cached_property
    def _client(self) -> Any:
        return self._connect()

    def put(self, key: str, content: BinaryIO) -> None:
        """Store *content* as *key*, in parts where it is large."""
        from boto3.s3.transfer import TransferConfig

        at_once = TransferConfig(multipart_threshold=_AT_ONCE, use_threads=False)
        with _told():
            self._client.upload_fileobj(content, self._bucket, self._base + key, Config=at_once)

    def parts(self, prefix: str) -> list[str]:
        """Return the keys that begin with *prefix*."""
        with _told():
            pages = self._client.get_paginator("list_objects_v2")
            found = pages.paginate(Bucket=self._bucket, Prefix=self._base + prefix).search("Contents[].Key")
            return sorted(key.removeprefix(self._base) for key in found if key)

    def lines(self, key: str) -> Iterator[str]:
        """Yield the lines of *key* as they arrive; what is no text is shown as such."""
        with _told():
            body = self._client.get_object(Bucket=self._bucket, Key=self._base + key)["Body"]
            with contextlib.closing(body):
                for line in body.iter_lines(_PIECE):
                    yield line.decode(errors="replace")


def from_settings(said: Mapping[str, Any]) -> S3Logs:
    """Return the store that *said* describes; nothing is asked for yet."""
    place = {
        "region_name": said["region"],
        "endpoint_url": said.get("endpoint"),
        "verify": said.get("ca_file"),
    }
    return S3Logs(lambda: _client(said, place), said["bucket"], said["base"])


def _client(said: Mapping[str, Any], place: Mapping[str, Any]) -> Any:
    if "agent_socket" in said:
        agent = AgentClient(Path(said["agent_socket"]))
        return borrowed.client(lambda: _lent(agent), _WAITING, **place)
    if "token_file" in said:
        return borrowed.client(_assuming(said), _WAITING, **place)
    import boto3
    from botocore.config import Config

    keys = json.loads(Path(said["login_file"]).read_text(encoding="utf-8")) if said.get("login_file") else {}
    login = {f"aws_{name}": text for name, text in _named(keys).items()}
    once = Config(
        connect_timeout=_WAITING.connect, read_timeout=_WAITING.read, retries={"total_max_attempts": 1}
    )
    return boto3.client("s3", config=once, **place, **login)


def _named(keys: Mapping[str, str]) -> dict[str, str]:
    words = {"access_key": "access_key_id", "secret_key": "secret_access_key"}
    return {words[name]: text for name, text in keys.items()}


def _lent(agent: AgentClient) -> Mapping[str, str]:
    try:
        return borrowed.lent(agent, _ASKED)
    except borrowed.NotLentError as why:
        raise AwayError(str(why)) from None


def _assuming(said: Mapping[str, Any]) -> Callable[[], Mapping[str, str]]:
    """Return what gives credentials of the role that *said* names, for the pod's token of now."""
    token, authority = Path(said["token_file"]), said.get("ca_file")
    account = Account(
        said["region"], number="", endpoint=said.get("endpoint"), token_file=token, ca_file=authority
    )
    identity = Identity(account, "logs", since_boot)

    def assumed() -> Mapping[str, str]:
        try:
            return identity.assume(str(said["role"])).lent()
        except UnavailableError as why:
            raise AwayError(str(why)) from None

    return assumed


@contextlib.contextmanager
def _told() -> Iterator[None]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as problem:
        code = str(problem.response.get("Error", {}).get("Code", ""))
        status = int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if status >= _SERVER_ERROR:
            raise AwayError(f"the bucket of logs does not serve: {code}") from None
        raise RefusedError(f"the bucket of logs refuses: {code}") from None
    except (BotoCoreError, Boto3Error, OSError) as problem:
        # The library's own text may hold the address with what was signed.
        raise AwayError(f"the bucket of logs does not serve: {type(problem).__name__}") from None
