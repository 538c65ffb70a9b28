"""Passwords and keys that a deployment makes once and keeps."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import AerodromeError
from aerodrome.local.ownership import ensure_folder, write_file
from aerodrome.local.state import Layout

POSTGRES_ADMIN = "postgres-admin"
POSTGRES_AIRFLOW = "postgres-airflow"
REDIS_ADMIN = "redis-admin"
REDIS_SCHEDULER = "redis-scheduler"
OPENBAO_ROOT = "openbao-root-token"
OPENBAO_SEAL = "openbao-seal"
AIRFLOW_FERNET = "airflow-fernet-key"
AIRFLOW_JWT = "airflow-jwt"
AIRFLOW_SESSION = "airflow-session"


def redis_zone(zone: str) -> str:
    """Return the name of the broker password of *zone*'s workers."""
    return f"redis-zone-{zone}"


def tenant_database(tenant: str) -> str:
    """Return the name of the password of *tenant*'s own database."""
    return f"postgres-tenant-{tenant}"


def airflow_user(user: str) -> str:
    """Return the name of the password of the Airflow user *user*."""
    return f"airflow-user-{user}"


@dataclass(frozen=True)
class Credentials:
    """The secrets of one deployment, by name; each is made when first asked for and never again."""

    folder: Path

    def get(self, name: str) -> str:
        """Return the secret *name*; a token of 256 random bits is made where there is none."""
        return self._get(name, lambda: secrets.token_urlsafe(32))

    def fernet_key(self) -> str:
        """Return Airflow's Fernet key: 32 bytes as URL-safe base64 with padding."""
        return self._get(AIRFLOW_FERNET, lambda: base64.urlsafe_b64encode(os.urandom(32)).decode())

    def jwt_secret(self) -> str:
        """Return the key that signs Airflow's tokens, as long as HMAC-SHA512 asks for."""
        return self._get(AIRFLOW_JWT, lambda: secrets.token_urlsafe(64))

    def seal_key(self) -> str:
        """Return the 32 bytes that OpenBao seals its data with, as base64."""
        return self._get(OPENBAO_SEAL, lambda: base64.b64encode(os.urandom(32)).decode())

    def find(self, name: str) -> str | None:
        """Return the secret *name* where it exists."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def keep(self, name: str, value: str) -> None:
        """Store a secret that another program made, such as OpenBao's root token."""
        if self.find(name) not in (None, value):
            raise AerodromeError(f"the secret {name} exists with another value; it is not replaced")
        write_file(self.folder / name, value)

    def _get(self, name: str, make: Callable[[], str]) -> str:
        found = self.find(name)
        if found:
            return found
        value = make()
        ensure_folder(self.folder, 0o700)
        write_file(self.folder / name, value)
        return value


def credentials(layout: Layout) -> Credentials:
    """Return the secrets of the deployment at *layout*."""
    return Credentials(layout.secrets)
