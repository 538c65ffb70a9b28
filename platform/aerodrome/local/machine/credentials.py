"""Passwords and keys that a deployment makes once and keeps."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import AerodromeError, UserError
from aerodrome.files import write_atomically, write_once
from aerodrome.local.machine.ownership import ensure_folder
from aerodrome.local.machine.state import Layout

POSTGRES_ADMIN = "postgres-admin"
POSTGRES_AIRFLOW = "postgres-airflow"
REDIS_ADMIN = "redis-admin"
REDIS_SCHEDULER = "redis-scheduler"
OPENBAO_ROOT = "openbao-root-token"
OPENBAO_SEAL = "openbao-seal"
AIRFLOW_FERNET = "airflow-fernet-key"
AIRFLOW_JWT = "airflow-jwt"
AIRFLOW_SESSION = "airflow-session"
LOGIN_BIND = "login-bind-password"
LOGIN_CLIENT = "login-client-secret"
DIRECTORY_ADMIN = "directory-admin"
DIRECTORY_READER = "directory-reader"
DIRECTORY_TLS = "directory-tls"
ENTRANCE_AUTHORITY = "entrance-authority"
ENTRANCE_TLS = "entrance-tls"
HOST_MARKS = "host-marks"
"""The key of what tells one login of a host from another."""


def redis_zone(zone: str) -> str:
    """Return the name of the broker password of *zone*'s workers."""
    return f"redis-zone-{zone}"


_REDIS_HOST = "redis-host-"


def redis_host(host: str) -> str:
    """Return the name of the broker password of *host*'s workers; who has one was let in."""
    return f"{_REDIS_HOST}{host}"


def bundle_host(host: str) -> str:
    """Return the name of the password by which *host* fetches the DAG bundle."""
    return f"bundle-host-{host}"


def host_grant(host: str) -> str:
    """Return the name of what *host* was let in for: no secret, but nobody else's to write."""
    return f"host-grant-{host}"


def host_removal(host: str) -> str:
    """Return the name of what tells the last removal of *host* from earlier ones."""
    return f"host-removal-{host}"


def tenant_database(tenant: str) -> str:
    """Return the name of the password of *tenant*'s own database."""
    return f"postgres-tenant-{tenant}"


def airflow_user(user: str) -> str:
    """Return the name of the password of the Airflow user *user*."""
    return f"airflow-user-{user}"


def directory_person(name: str) -> str:
    """Return the name of the password of the example person *name* of the local directory."""
    return f"directory-person-{name}"


# What is locked in a store with a secret is lost with that secret: it is never made a second time.
_OPENS = {
    OPENBAO_SEAL: "openbao",
    OPENBAO_ROOT: "openbao",
    AIRFLOW_FERNET: "postgres",
    POSTGRES_ADMIN: "postgres",
}


@dataclass(frozen=True)
class Credentials:
    """The secrets of one deployment, by name; each is made when first asked for and never again.

    *data* is the folder of the stores that some of them open. With *keep_new* false nothing is written: a secret
    that is not there yet is another one each time.
    """

    folder: Path
    data: Path | None = None
    keep_new: bool = True

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

    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that were let in, sorted."""
        return tuple(
            sorted(path.name.removeprefix(_REDIS_HOST) for path in self.folder.glob(f"{_REDIS_HOST}*"))
        )

    def find(self, name: str) -> str | None:
        """Return the secret *name* where it exists."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def keep(self, name: str, value: str) -> None:
        """Store a secret that another program made, such as OpenBao's root token."""
        if self._stored(name, value) != value:
            raise AerodromeError(f"the secret {name} exists with another value; it is not replaced")

    def made(self, name: str, make: Callable[[], str]) -> str:
        """Return the secret *name*, which *make* makes where there is none."""
        return self._get(name, make)

    def replace(self, name: str, value: str) -> None:
        """Store a secret that somebody gives, in the place of an earlier one."""
        ensure_folder(self.folder, 0o700)
        write_atomically(self.folder / name, value, 0o600)

    def require_not_lost(self, name: str) -> None:
        """Raise UserError where the secret *name* is gone and there is data that nothing else opens."""
        store = _OPENS.get(name)
        if self.data is None or store is None or self.find(name) or not holds_data(self.data, store):
            return
        raise UserError(
            f"{self.folder / name} is gone, and {self.data / store} cannot be opened without it",
            "restore the file from a copy, or give up all data with `make destroy` and deploy again",
        )

    def forget(self, name: str) -> None:
        """Delete the secret *name*; what was locked with it stays locked."""
        (self.folder / name).unlink(missing_ok=True)

    def _get(self, name: str, make: Callable[[], str]) -> str:
        if found := self.find(name):
            return found
        self.require_not_lost(name)
        return self._stored(name, make()) if self.keep_new else make()

    def _stored(self, name: str, value: str) -> str:
        ensure_folder(self.folder, 0o700)
        # Whoever comes second takes the first one's.
        stored = write_once(self.folder / name, value)
        if not stored:
            raise AerodromeError(f"{self.folder / name} is empty", "restore it from a copy")
        return stored


def credentials(layout: Layout, *, keep_new: bool = True) -> Credentials:
    """Return the secrets of the deployment at *layout*."""
    return Credentials(layout.secrets, layout.data, keep_new)


def unfinished(data: Path, store: str) -> Path:
    """Return the mark of a *store* below *data* that is being set up: nobody has stored anything in it yet."""
    return data / f"{store}.initialising"


def holds_data(data: Path, store: str) -> bool:
    """Return whether somebody may have stored something in *store* below *data*."""
    folder = data / store
    return folder.is_dir() and any(folder.iterdir()) and not unfinished(data, store).exists()
