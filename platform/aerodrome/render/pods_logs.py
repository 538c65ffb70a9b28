"""Task logs of pods: as which roles of AWS they are sent and read, and where the API server finds them. Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.logs_settings import PodsBucket
from aerodrome.render.pods_roles import eks_of

FOLDER = "/etc/aerodrome/logs"
TOKEN = "/var/run/secrets/aerodrome-logs/token"  # noqa: S105  (a path)
AUTHORITY = "store.crt"
_PORTS = {"http": 80, "https": 443}


def bucket_of(environment: Environment) -> PodsBucket | None:
    """Return where task logs of pods go, or None where they go nowhere."""
    return environment.logs.s3 if environment.logs.kind == "s3" else None


def role_of(environment: Environment, zone: str, tenant: str | None = None) -> str | None:
    """Return the ARN of the role by which workers of *zone* send logs, or a *tenant*'s pods there."""
    return _role(environment, names.logs_role(environment.name, zone, tenant))


def values(environment: Environment, authority: str) -> dict[str, Any]:
    """Return `tenancy.logs` of the chart; *authority*: who signed the certificate of the store, empty if public."""
    s3 = bucket_of(environment)
    if s3 is None:
        return {}
    place = {"bucket": s3.bucket, "base": s3.base(environment.name), "region": s3.region}
    endpoint = {"endpoint": s3.endpoint} if s3.endpoint else {}
    trusted = {"caCertificate": authority} if authority else {}
    return {"store": "s3", "s3": {**place, **endpoint, **trusted}}


def port(environment: Environment) -> int | None:
    """Return the port of the store; None where pods send no logs."""
    s3 = bucket_of(environment)
    if s3 is None:
        return None
    address = urlsplit(s3.endpoint or "https:")
    return address.port or _PORTS[address.scheme]


def reader(environment: Environment) -> dict[str, Any]:
    """Return the place of `[aerodrome] log_store` of the API server in which pods' logs are, or {}."""
    s3 = bucket_of(environment)
    if s3 is None:
        return {}
    place = {"kind": "s3", "bucket": s3.bucket, "base": s3.base(environment.name), "region": s3.region}
    trusted = f"{FOLDER}/{AUTHORITY}" if s3.ca_file else None
    login = {"role": _role(environment, names.logs_reader_role(environment.name)), "token_file": TOKEN}
    store = {**place, "endpoint": s3.endpoint, "ca_file": trusted, **login}
    return {"store": store, "zones": zones(environment)}


def zones(environment: Environment) -> dict[str, str]:
    """Return queue → zone of the tasks whose logs pods send; none where they go nowhere."""
    if bucket_of(environment) is None:
        return {}
    found = {name: queue.zone for name, queue in sorted(environment.queues.items())}
    return {name: zone for name, zone in found.items() if environment.in_cluster(zone)}


def _role(environment: Environment, name: str) -> str | None:
    s3 = bucket_of(environment)
    if s3 is None or s3.roles is not None:
        return None if s3 is None else f"{s3.roles}{name}"
    eks = eks_of(environment)
    return f"arn:{eks.partition}:iam::{eks.account}:role{names.logs_path(environment.name)}{name}"
