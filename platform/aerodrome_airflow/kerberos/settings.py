"""What the tickets of a host are made of: /etc/aerodrome/kerberos.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome_airflow.json_settings import SettingsError, loaded

# As aerodrome.names says it; the name becomes that of a folder.
_TENANT = re.compile(r"[a-z][a-z0-9]{1,30}")


@dataclass(frozen=True)
class Principal:
    """Who *tenant* is to Kerberos; its keytab is the tenant's variable *variable*, as base64.

    *owner* is the user of the operating system that the ticket is for.
    """

    tenant: str
    name: str
    owner: str
    variable: str


@dataclass(frozen=True)
class Settings:
    """*agent* is the socket of the secrets agent, *folder* where keytabs and tickets are."""

    agent: Path
    folder: Path
    principals: Mapping[str, Principal]

    def principal(self, tenant: str) -> Principal:
        """Return who *tenant* is; SettingsError where it is nobody."""
        try:
            return self.principals[tenant]
        except KeyError:
            known = ", ".join(sorted(self.principals)) or "none"
            raise SettingsError(
                f"'{tenant}' has no principal on this host; those who have: {known}"
            ) from None


def load(path: Path) -> Settings:
    """Return the settings in *path*; SettingsError where they cannot be used."""
    return loaded(path, _settings)


def _settings(raw: Mapping[str, Any]) -> Settings:
    found = [_principal(one) for one in raw["principals"]]
    return Settings(Path(raw["agent"]), Path(raw["folder"]), {one.tenant: one for one in found})


def _principal(raw: Mapping[str, Any]) -> Principal:
    tenant = str(raw["tenant"])
    if not _TENANT.fullmatch(tenant):
        raise ValueError(f"'{tenant}' is no tenant")
    return Principal(tenant, str(raw["name"]), str(raw["owner"]), str(raw["variable"]))
