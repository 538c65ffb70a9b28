"""The documents of an IAM role: who may assume it, and what it may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aerodrome import names
from aerodrome.aws_settings import AwsSettings

Statement = Mapping[str, Any]
_VERSION = "2012-10-17"
_TAG = f"aws:RequestTag/{names.IAM_ZONE_TAG}"
_NOTHING: Statement = {"Effect": "Deny", "Action": "*", "Resource": "*"}


def trust(settings: AwsSettings, zones: Iterable[str]) -> dict[str, Any]:
    """Return that the agents of *zones* may assume a role, each with its zone as the session's only tag."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": settings.agent(zone)},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {
                "StringEquals": {_TAG: zone},
                "ForAllValues:StringEquals": {"aws:TagKeys": [names.IAM_ZONE_TAG]},
            },
        }
        for zone in zones
    )


def allow(actions: Iterable[str], resources: Iterable[str], **condition: Statement) -> Statement:
    """Return that *actions* on *resources* are allowed, under *condition* where one is given."""
    limited = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources), **limited}


def of_key(settings: AwsSettings, service: str, *actions: str) -> tuple[Statement, ...]:
    """Return that a role may use the store's own key by way of *service*; nothing where there is none."""
    if settings.kms_key is None:
        return ()
    via = f"{service}.{settings.region}.amazonaws.com"
    return (allow(actions, [settings.kms_key], StringEquals={"kms:ViaService": via}),)


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return a policy of *statements*, or one that forbids everything where there are none."""
    return {"Version": _VERSION, "Statement": list(statements) or [_NOTHING]}
