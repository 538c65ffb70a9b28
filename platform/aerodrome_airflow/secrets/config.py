"""The agent's configuration: its socket and who may use it, the stores, and for how long values serve."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aerodrome_airflow.json_settings import SettingsError, loaded, text
from aerodrome_airflow.secrets.answers import Ages
from aerodrome_airflow.secrets.assumed_roles import ConnectionRoles
from aerodrome_airflow.secrets.aws import Account, Credentials
from aerodrome_airflow.secrets.clock import Clock
from aerodrome_airflow.secrets.desks import Stores
from aerodrome_airflow.secrets.log_role import LogPlace, LogRole
from aerodrome_airflow.secrets.results import ResultsRoles
from aerodrome_airflow.secrets.ssm import Parameters, ParameterStore
from aerodrome_airflow.secrets.store import Store
from aerodrome_airflow.secrets.vault import Login, PodLogin, Vault

_LOGIN_FILES = ("role_id_file", "secret_id_file", "login_file")


@dataclass(frozen=True)
class Config:
    """One agent; *allowed_users* None: only its own user asks; *tenants* None: the store alone decides for whom.

    *store* None: it knows no secrets; *results* None: it knows nothing of large results; *logs* None: it lends nothing
    that sends task logs.
    """

    socket: Path
    environment: str
    zone: str
    store: Login | PodLogin | Parameters | None = None
    results: Account | None = None
    logs: LogPlace | None = None
    ages: Ages = field(default_factory=Ages)
    socket_group: str | None = None
    user: str | None = None
    allowed_users: tuple[str, ...] | None = None
    tenants: frozenset[str] | None = None

    def open_stores(self, clock: Clock) -> Stores:
        """Return what this agent reads from."""
        return Stores(self._secrets(clock), self._results(clock), self._logs(clock), self._roles(clock))

    def _secrets(self, clock: Clock) -> Store | None:
        if isinstance(self.store, Parameters):
            return ParameterStore(self.store, self.environment, self.zone, clock)
        if self.store is None:
            return None
        return Vault(self.store, self.environment, self.zone, clock)

    def _results(self, clock: Clock) -> Store | None:
        if self.results is None:
            return None
        return ResultsRoles(self.results, self.environment, self.zone, clock)

    def _logs(self, clock: Clock) -> Store | None:
        return None if self.logs is None else LogRole(self.logs, self.zone, clock)

    def _roles(self, clock: Clock) -> Store | None:
        if not isinstance(self.store, Parameters):
            return None
        return ConnectionRoles(self.store, self.environment, self.zone, clock)


def load(path: Path) -> Config:
    """Return the configuration in *path* with the login in the files that it names, or SettingsError.

    Relative names of files are looked for beside it. One that names no login, as in a pod, whose login the cluster
    makes anew all the time, may be read by everybody.
    """

    def made(raw: Mapping[str, Any]) -> Config:
        if _names_login(raw):
            _private_text(path)
        return _config(raw, path.parent)

    return loaded(path, made, read=_written_by_nobody_else)


def _names_login(raw: Mapping[str, Any]) -> bool:
    parts = tuple(raw.get(part) or {} for part in ("store", "results", "logs"))
    return any(key in part for part in parts for key in _LOGIN_FILES)


def _config(raw: Mapping[str, Any], folder: Path) -> Config:
    users, tenants = raw.get("allowed_users"), raw.get("tenants")
    return Config(
        socket=Path(raw["socket"]),
        environment=str(raw["environment"]),
        zone=str(raw["zone"]),
        # An agent for nothing would be a mistake: it has a store unless it has results.
        store=_store(raw["store"], folder) if "store" in raw or "results" not in raw else None,
        results=Account(**_account(raw["results"], folder)) if "results" in raw else None,
        logs=_log_place(raw["logs"], folder) if raw.get("logs") else None,
        ages=Ages(float(raw.get("fresh_seconds", Ages.fresh)), float(raw.get("stale_seconds", Ages.stale))),
        socket_group=raw.get("socket_group"),
        user=raw.get("user"),
        allowed_users=None if users is None else tuple(map(str, users)),
        tenants=None if tenants is None else frozenset(map(str, tenants)),
    )


def _store(raw: Mapping[str, Any], folder: Path) -> Login | PodLogin | Parameters:
    if raw["kind"] == "ssm":
        return Parameters(**_account({key: value for key, value in raw.items() if key != "kind"}, folder))
    if raw["kind"] != "vault":
        raise ValueError(f"no store is of kind {raw['kind']!r}")
    if "token_file" in raw:
        place, token = str(raw["kubernetes_mount"]), folder / raw["token_file"]
        return PodLogin(
            str(raw["url"]), place, token, raw.get("ca_file"), raw.get("role"), raw.get("mints") is True
        )
    role_id, secret_id = (_private_text(folder / raw[key]) for key in ("role_id_file", "secret_id_file"))
    return Login(str(raw["url"]), role_id.strip(), secret_id.strip(), raw.get("ca_file"))


def _account(raw: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    said = {key: value for key, value in raw.items() if key not in ("login_file", "token_file")}
    login = json.loads(_private_text(folder / raw["login_file"])) if "login_file" in raw else {}
    token = folder / raw["token_file"] if "token_file" in raw else None
    return {**said, "login": Credentials(**login) if login else None, "token_file": token}


def _log_place(raw: Mapping[str, Any], folder: Path) -> LogPlace:
    asked = ("region", "endpoint", "ca_file", "login_file")
    account = Account(number="", **_account({key: raw[key] for key in asked if key in raw}, folder))
    role, bucket, base = (str(raw[key]) for key in ("role", "bucket", "base"))
    return LogPlace(account, role, bucket, base, str(raw.get("kms_key") or ""))


def _written_by_nobody_else(path: Path) -> str:
    return _text(path, 0o022)


def _private_text(path: Path) -> str:
    return _text(path, 0o077)


def _text(path: Path, forbidden: int) -> str:
    status = path.stat()
    if status.st_uid not in (0, os.geteuid()) or stat.S_IMODE(status.st_mode) & forbidden:
        raise SettingsError(f"{path}: must belong to the agent's user, and nobody else may read or write it")
    return text(path)
