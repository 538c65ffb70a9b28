"""The documents of an IAM role: who may assume it, and what it may do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from aerodrome import names
from aerodrome.aws_settings import AwsSettings
from aerodrome.environment import Environment

Statement = Mapping[str, Any]
_VERSION = "2012-10-17"
_TAG = f"aws:RequestTag/{names.IAM_ZONE_TAG}"
_NOTHING: Statement = {"Effect": "Deny", "Action": "*", "Resource": "*"}


class Account(Protocol):
    """An account of AWS, as the settings of a store or of a cluster name it."""

    @property
    def partition(self) -> str:
        """Return which AWS it is in."""

    @property
    def account(self) -> str:
        """Return its number."""


class Encrypted(Protocol):
    """A store that may have a key of its own."""

    @property
    def region(self) -> str:
        """Return where it is."""

    @property
    def kms_key(self) -> str | None:
        """Return the key's ARN."""


def trust(
    environment: Environment, settings: AwsSettings, tenant: str, zones: Iterable[str]
) -> dict[str, Any]:
    """Return who may be *tenant*'s role: the agents of *zones*, and the tenant's pods in those in the cluster.

    An agent says its zone as the session's only tag; of a pod the cluster says whose it is, and in which zone.
    """
    inside = tuple(zones)
    agents = (agent(settings, zone) for zone in inside)
    return document((*agents, *_pods(environment, settings, tenant, inside)))


def agent(settings: AwsSettings, zone: str) -> Statement:
    """Return that the agent of *zone* may assume a role, with its zone as the session's only tag."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": settings.agent(zone)},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {
            "StringEquals": {_TAG: zone},
            "ForAllValues:StringEquals": {"aws:TagKeys": [names.IAM_ZONE_TAG]},
        },
    }


def in_zone(environment: Environment, tenant: str, zone: str) -> Iterator[Statement]:
    """Yield the conditions, of which one is enough, under which a session of *tenant*'s role is one of *zone*."""
    yield {"StringEquals": {f"aws:PrincipalTag/{names.IAM_ZONE_TAG}": zone}}
    if found := subjects(environment, tenant, zone):
        yield {"StringEquals": {f"{environment.cluster.oidc_provider}:sub": found}}


def web_identity(
    environment: Environment, account: Account, audience: str, accounts: str | list[str]
) -> Statement:
    """Return that pods of the service *accounts* may assume a role of *account*, by a token for *audience*.

    ValueError where the environment does not name who signs its cluster's tokens.
    """
    provider = environment.cluster.oidc_provider
    if provider is None:
        raise ValueError(f"{environment.name} names no OIDC issuer")
    known = f"arn:{account.partition}:iam::{account.account}:oidc-provider/{provider}"
    return {
        "Effect": "Allow",
        "Principal": {"Federated": known},
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {"StringEquals": {f"{provider}:aud": audience, f"{provider}:sub": accounts}},
    }


def subject(namespace: str, account: str) -> str:
    """Return how the cluster calls the service *account* of *namespace* in a token."""
    return f"system:serviceaccount:{namespace}:{account}"


def subjects(environment: Environment, tenant: str, zone: str) -> list[str]:
    """Return how the cluster calls the accounts of *tenant*'s pods in *zone*: those of tasks and of own workers."""
    cluster = environment.cluster
    if cluster.oidc_provider is None or not environment.in_cluster(zone):
        return []
    return [
        subject(names.namespace(tenant), names.service_account(tenant, zone)),
        subject(cluster.namespace, names.worker_account(cluster.release, zone, tenant)),
    ]


def _pods(
    environment: Environment, settings: AwsSettings, tenant: str, zones: Iterable[str]
) -> Iterator[Statement]:
    found = [one for zone in zones for one in subjects(environment, tenant, zone)]
    if found:
        yield web_identity(environment, settings, names.AWS_AUDIENCE, found)


def allow(actions: Iterable[str], resources: Iterable[str], condition: Statement | None = None) -> Statement:
    """Return that *actions* on *resources* are allowed, under *condition* where one is given."""
    limited = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources), **limited}


def of_key(settings: Encrypted, service: str, *actions: str) -> tuple[Statement, ...]:
    """Return that a role may use the store's own key by way of *service*; nothing where there is none."""
    if settings.kms_key is None:
        return ()
    via = f"{service}.{settings.region}.amazonaws.com"
    return (allow(actions, [settings.kms_key], {"StringEquals": {"kms:ViaService": via}}),)


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return a policy of *statements*, or one that forbids everything where there are none."""
    return {"Version": _VERSION, "Statement": list(statements) or [_NOTHING]}
