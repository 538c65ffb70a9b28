"""A bucket for task logs: SeaweedFS with a user and a role for each zone, a reader, and an STS that lends roles."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import seaweedfs

ACCOUNT = "111122223333"
# All users of its file of users belong to this one.
_USERS = "000000000000"
BUCKET, PREFIX, REGION = "airflow-logs", "airflow-logs", "eu-central-1"
READER, OWNER = "reader", "owner"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/airflow-logs-{{zone}}"
_OFF = ("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam.readOnly=true")
Logins = Mapping[str, Mapping[str, str]]


def logins(zones: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return new keys of each zone's hosts, of the reader, and of who made the bucket."""
    return {
        name: {"access_key": f"{name}-{secrets.token_hex(4)}", "secret_key": secrets.token_hex(20)}
        for name in (*zones, READER, OWNER)
    }


def documents(environment: str, zones: tuple[str, ...], known: Logins) -> dict[str, str]:
    """Return SeaweedFS' two files: users, and what roles may do."""
    place = f"{PREFIX}/{environment}"
    actions = {READER: [f"Read:{BUCKET}/{place}/*", f"List:{BUCKET}/{place}/*"], OWNER: ["Admin"]}
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": keys["access_key"], "secretKey": keys["secret_key"]}],
            "actions": actions.get(name, []),
        }
        for name, keys in known.items()
    ]
    roles = {
        "sts": {
            "tokenDuration": "15m",
            "maxSessionLength": "1h",
            "issuer": "logs",
            "signingKey": b64encode(secrets.token_bytes(32)).decode(),
            "accountId": ACCOUNT,
        },
        "policy": {"defaultEffect": "Deny", "storeType": "memory"},
        "roles": [_role(zone) for zone in zones],
        "policies": [_policy(zone, place) for zone in zones],
    }
    return {"s3.json": json.dumps({"identities": identities}), "iam.json": json.dumps(roles)}


def _role(zone: str) -> dict[str, Any]:
    name = f"airflow-logs-{zone}"
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{_USERS}:user/{zone}"},
        "Action": ["sts:AssumeRole"],
    }
    return {
        "roleName": name,
        "roleArn": ROLE.format(zone=zone),
        "trustPolicy": {"Version": "2012-10-17", "Statement": [trust]},
        "attachedPolicies": [name],
    }


def _policy(zone: str, place: str) -> dict[str, Any]:
    # The whole environment's: that a zone is lent its own folder alone is the agent's doing, which tests look at.
    statement = {
        "Effect": "Allow",
        "Action": ["s3:*"],
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/{place}/*"],
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"name": f"airflow-logs-{zone}", "document": document}


def command(program: str, data: str, config: str, *more: str) -> tuple[str, ...]:
    """Return how the server is started with its two files in *config*; it serves this machine alone."""
    return seaweedfs.command(program, data, *_options(config), *more)


def _options(config: str) -> tuple[str, ...]:
    files = ("-s3.config", f"{config}/s3.json", "-s3.iam.config", f"{config}/iam.json")
    return (*files, "-master.volumeSizeLimitMB", "64", *_OFF)


def client(endpoint: str, keys: Mapping[str, str], service: str = "s3", **more: Any) -> Any:
    """Return a client of the server as who has *keys*, with a token where they hold one."""
    import boto3
    from botocore.config import Config

    words = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    named = dict(zip(words, (keys["access_key"], keys["secret_key"], keys.get("token")), strict=True))
    config = Config(connect_timeout=2, read_timeout=20, retries={"max_attempts": 1})
    return boto3.client(  # type: ignore[call-overload]
        service, endpoint_url=endpoint, region_name=REGION, config=config, **named, **more
    )


@dataclass(frozen=True)
class LogBucket:
    """A running server; *logins* are those of :func:`logins`."""

    endpoint: str
    environment: str
    logins: Logins = field(repr=False)

    def objects(self) -> dict[str, bytes]:
        """Return key below the environment's folder → content."""
        s3, base = client(self.endpoint, self.logins[OWNER]), f"{PREFIX}/{self.environment}/"
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix=base).get("Contents", ())
        keys = [item["Key"] for item in found]
        return {key.removeprefix(base): s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def place(self, zone: str) -> dict[str, Any]:
        """Return what the agent of *zone* is told of the bucket, but for its login."""
        base = f"{PREFIX}/{self.environment}/{zone}/"
        role = ROLE.format(zone=zone)
        return {"bucket": BUCKET, "base": base, "region": REGION, "endpoint": self.endpoint, "role": role}


@contextmanager
def running(environment: str, zones: tuple[str, ...]) -> Iterator[LogBucket]:
    """Run a server on this machine; nothing of it is left."""
    known = logins(zones)

    def opened(endpoint: str) -> LogBucket:
        client(endpoint, known[OWNER]).create_bucket(Bucket=BUCKET)
        return LogBucket(endpoint, environment, known)

    with seaweedfs.running(documents(environment, zones, known), _options("."), opened) as found:
        yield found


def make_bucket(endpoint: str, known: Logins, lives: Callable[[], bool], **more: Any) -> bool:
    """Make the bucket as soon as the server answers; False where it ended by itself."""
    s3 = client(endpoint, known[OWNER], **more)
    return bool(seaweedfs.when_up(lambda: s3.create_bucket(Bucket=BUCKET), lives))
