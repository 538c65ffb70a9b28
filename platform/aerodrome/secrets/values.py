"""Where connections and variables are kept: one contract for Vault and AWS Parameter Store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aerodrome import names
from aerodrome.clients.vault import Vault

CONNECTIONS, VARIABLES = "connections", "variables"
FOLDERS = {"connection": CONNECTIONS, "variable": VARIABLES}
PATHS = {"connection": names.connection_path, "variable": names.variable_path}
Value = Mapping[str, Any]


class Values(Protocol):
    """The secrets themselves, by the paths that `names` builds."""

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the newest value at *path*."""

    def write(self, path: str, value: Value) -> None:
        """Put *value* at *path*: all of it or nothing."""

    def delete(self, path: str) -> None:
        """Remove what is at *path* with its history; nothing where there is nothing."""

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names directly in *folder*, sorted."""

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the names of the folders in *folder*, sorted; none where only looking at all values would tell."""


@dataclass(frozen=True)
class VaultValues:
    """The secrets in Vault or OpenBao."""

    vault: Vault

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the newest value at *path*."""
        return self.vault.read(names.SECRETS_MOUNT, path)

    def write(self, path: str, value: Value) -> None:
        """Put a new version of *path*."""
        self.vault.write(names.SECRETS_MOUNT, path, value)

    def delete(self, path: str) -> None:
        """Remove *path* with all its versions."""
        self.vault.delete(names.SECRETS_MOUNT, path)

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names directly in *folder*, sorted."""
        found = self.vault.names(names.SECRETS_MOUNT, folder)
        return tuple(name for name in found if not name.endswith("/"))

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the names of the folders in *folder*, sorted."""
        found = self.vault.names(names.SECRETS_MOUNT, folder)
        return tuple(name.rstrip("/") for name in found if name.endswith("/"))


def stored(values: Values, environment: str, tenant: str) -> tuple[str, ...]:
    """Return what the store holds of *tenant*: connections/<name> and variables/<name>, never a value."""
    folder = names.tenant_folder(environment, tenant)
    return tuple(
        f"{kind}/{name}" for kind in (CONNECTIONS, VARIABLES) for name in values.names(f"{folder}/{kind}")
    )
