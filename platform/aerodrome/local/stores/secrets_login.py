"""What lets the secrets agent of a zone log in to the store, and what it is told about the store."""

from __future__ import annotations

from typing import Any

from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import aws_login, secrets_store
from aerodrome.store_settings import SsmSettings

ROLE_ID, SECRET_ID = "openbao-role-id", "openbao-secret-id"
FILES = frozenset({ROLE_ID, SECRET_ID, aws_login.FILE})
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
        return aws_login.files(platform, "secrets: {store: ssm}")
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
    roles = {tenant: list(listed) for tenant, listed in sorted(ssm.connection_roles.items())}
    return {"kind": "ssm", "prefix": ssm.prefix, "connection_roles": roles, **aws_login.told(ssm, zone)}
