"""What lets the secrets agent of a zone log in to the store, and what it is told about the store."""

from __future__ import annotations

import json
from typing import Any

from aerodrome.clients import aws
from aerodrome.errors import UserError
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import secrets_store
from aerodrome.store_settings import SsmSettings

ROLE_ID, SECRET_ID, AWS_LOGIN = "openbao-role-id", "openbao-secret-id", "aws-login.json"
FILES = frozenset({ROLE_ID, SECRET_ID, AWS_LOGIN})
"""Which of them there may be; they are root's, and no worker's."""


def store(platform: Platform, zone: str) -> dict[str, Any]:
    """Return what the agent of *zone* is told about the store."""
    ssm = platform.environment.secrets.ssm
    return _vault(platform) if ssm is None else _ssm(ssm, zone)


def files(platform: Platform, zone: str) -> dict[str, str]:
    """Return the files with the login of *zone*, which reads no secret: it lets the agent act as one tenant at a time.

    UserError where a deploy finds no AWS credentials.
    """
    if platform.environment.secrets.ssm is not None:
        return {AWS_LOGIN: _aws_login(platform)}
    return {
        ROLE_ID: secrets_store.role_id(platform, zone),
        SECRET_ID: secrets_store.secret_id(platform, zone),
    }


def _vault(platform: Platform) -> dict[str, Any]:
    return {
        "kind": "vault",
        "url": platform.openbao_url,
        "role_id_file": ROLE_ID,
        "secret_id_file": SECRET_ID,
    }


def _ssm(ssm: SsmSettings, zone: str) -> dict[str, Any]:
    return {
        "kind": "ssm",
        "region": ssm.region,
        "number": ssm.account,
        "partition": ssm.partition,
        "prefix": ssm.prefix,
        "endpoint": ssm.endpoint,
        # All zones share this machine and its credentials: each agent goes on as the role of its zone.
        "agent_role": ssm.agent(zone),
        "login_file": AWS_LOGIN,
    }


def _aws_login(platform: Platform) -> str:
    """Return the credentials of who deploys, as the last deploy found them where there are none now."""
    kept, found = platform.credentials.find(AWS_LOGIN), aws.own_credentials()
    if found is None and kept is None and not platform.looked_at:
        remedy = (
            "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or give this machine a role"
        )
        raise UserError("secrets: {store: ssm} needs AWS credentials, and there are none here", remedy)
    if found is None:
        return kept or "{}"
    text = json.dumps(found, sort_keys=True)
    if text != kept and not platform.looked_at:
        platform.credentials.replace(AWS_LOGIN, text)
    return text
