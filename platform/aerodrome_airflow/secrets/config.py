"""The agent's configuration: its socket and who may use it, the store, and for how long values serve."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aerodrome_airflow.secrets.answers import Ages
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.ssm import Account, Credentials, ParameterStore
from aerodrome_airflow.secrets.store import Store
from aerodrome_airflow.secrets.vault import Login, Vault


class ConfigError(Exception):
    """The configuration cannot be used."""


@dataclass(frozen=True)
class Config:
    """One agent; *allowed_users* None: only its own user asks; *tenants* None: the store alone decides for whom."""

    socket: Path
    environment: str
    zone: str
    store: Login | Account
    ages: Ages = field(default_factory=Ages)
    socket_group: str | None = None
    user: str | None = None
    allowed_users: tuple[str, ...] | None = None
    tenants: frozenset[str] | None = None

    def open_store(self, clock: Clock) -> Store:
        """Return the store that this agent reads."""
        kind = Vault if isinstance(self.store, Login) else ParameterStore
        return kind(self.store, self.environment, self.zone, clock)  # type: ignore[arg-type]


def load(path: Path) -> Config:
    """Return the configuration in *path* with the login in the files that it names, or ConfigError.

    Relative names of files are looked for beside it.
    """
    try:
        return _config(json.loads(_private_text(path)), path.parent)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ConfigError(f"{path}: {type(problem).__name__}: {problem}") from None


def _config(raw: Mapping[str, Any], folder: Path) -> Config:
    users, tenants = raw.get("allowed_users"), raw.get("tenants")
    return Config(
        socket=Path(raw["socket"]),
        environment=str(raw["environment"]),
        zone=str(raw["zone"]),
        store=_store(raw["store"], folder),
        ages=Ages(float(raw.get("fresh_seconds", Ages.fresh)), float(raw.get("stale_seconds", Ages.stale))),
        socket_group=raw.get("socket_group"),
        user=raw.get("user"),
        allowed_users=None if users is None else tuple(map(str, users)),
        tenants=None if tenants is None else frozenset(map(str, tenants)),
    )


def _store(raw: Mapping[str, Any], folder: Path) -> Login | Account:
    if raw["kind"] == "ssm":
        said = {key: value for key, value in raw.items() if key not in ("kind", "login_file")}
        login = json.loads(_private_text(folder / raw["login_file"])) if "login_file" in raw else {}
        return Account(**said, login=Credentials(**login) if login else None)
    if raw["kind"] != "vault":
        raise ValueError(f"no store is of kind {raw['kind']!r}")
    role_id, secret_id = (_private_text(folder / raw[key]) for key in ("role_id_file", "secret_id_file"))
    return Login(str(raw["url"]), role_id.strip(), secret_id.strip(), raw.get("ca_file"))


def _private_text(path: Path) -> str:
    status = path.stat()
    if status.st_uid not in (0, os.geteuid()) or stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigError(f"{path}: must belong to the agent's user, and nobody else may read or write it")
    return path.read_text(encoding="utf-8")
