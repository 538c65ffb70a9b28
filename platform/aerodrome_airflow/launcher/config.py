"""The launcher's configuration: who may connect, and each tenant's user, folders and limits."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class ConfigError(Exception):
    """The configuration cannot be used."""


@dataclass(frozen=True)
class Limits:
    """What one job may take; None: not limited."""

    memory_bytes: int | None = None
    cpus: float | None = None
    processes: int | None = None


@dataclass(frozen=True)
class Tenant:
    """Where a tenant's jobs run and as whom; *user* None: as the launcher's own user."""

    name: str
    user: str | None
    home: Path
    data: Path
    runtimes: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()


@dataclass(frozen=True)
class Patience:
    """Seconds that are waited for what is the tenant's, or what the tenant's other processes may stop.

    *grace*: from SIGTERM to SIGKILL; *look*: a job of kind stat; *idle*: reading or writing a file without moving
    a byte; *removal*: clearing the temporary folder of a job away.
    """

    grace: float = 5.0
    look: float = 30.0
    idle: float = 120.0
    removal: float = 30.0


@dataclass(frozen=True)
class Output:
    """How much one job may print: it all goes to the log of its task, where a line costs more than its bytes."""

    output_bytes: int = 100 * 1024 * 1024
    output_lines: int = 100_000


@dataclass(frozen=True)
class Config:
    """One launcher; *allowed_users* None: only the launcher's own user may connect.

    *cgroups* False: no cgroups are made, and limits hold for single processes only; read at the start alone.
    """

    socket: Path
    socket_group: str | None
    allowed_users: tuple[str, ...] | None
    tenants: Mapping[str, Tenant]
    patience: Patience = Patience()
    output: Output = Output()
    cgroups: bool = True
    max_jobs: int = 200
    max_jobs_per_tenant: int = 50


def load(path: Path) -> Config:
    """Return the configuration in *path*; ConfigError says what is wrong with it."""
    _refuse_foreign(path)
    try:
        return _config(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ConfigError(f"{path}: {type(problem).__name__}: {problem}") from problem


def _refuse_foreign(path: Path) -> None:
    # Whoever writes this file decides which user runs which code.
    try:
        status = path.stat()
    except OSError as problem:
        raise ConfigError(str(problem)) from problem
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"{path}: must belong to the launcher's user and be writable by nobody else")


def _config(raw: dict[str, Any]) -> Config:
    allowed = raw.get("allowed_users")
    return Config(
        socket=Path(raw["socket"]),
        socket_group=raw.get("socket_group"),
        allowed_users=None if allowed is None else tuple(str(name) for name in allowed),
        tenants={name: _tenant(name, tenant) for name, tenant in raw["tenants"].items()},
        patience=_patience(raw),
        output=_output(raw),
        cgroups=bool(raw.get("cgroups", True)),
        max_jobs=int(raw.get("max_jobs", 200)),
        max_jobs_per_tenant=int(raw.get("max_jobs_per_tenant", 50)),
    )


def _patience(raw: dict[str, Any]) -> Patience:
    said = {name: raw.get(f"{name}_seconds") for name in ("grace", "look", "idle", "removal")}
    return Patience(**{name: float(seconds) for name, seconds in said.items() if seconds is not None})


def _output(raw: dict[str, Any]) -> Output:
    said = {name: raw.get(name) for name in ("output_bytes", "output_lines")}
    return Output(**{name: int(most) for name, most in said.items() if most is not None})


def _inherited(raw: dict[str, Any]) -> dict[str, str]:
    """Return those of the launcher's own variables that the tenant's jobs have too: what the cluster tells the pod."""
    return {name: os.environ[name] for name in raw.get("inherit", ()) if name in os.environ}


def _said(raw: dict[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in raw.get("environment", {}).items()}


def _tenant(name: str, raw: dict[str, Any]) -> Tenant:
    return Tenant(
        name=name,
        user=raw.get("user"),
        home=Path(raw["home"]),
        data=Path(raw["data"]),
        runtimes=Path(raw["runtimes"]),
        environment={**_inherited(raw), **_said(raw)},
        limits=Limits(**raw.get("limits", {})),
    )
