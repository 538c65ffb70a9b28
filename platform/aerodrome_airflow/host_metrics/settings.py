"""What is measured on a host, and where: metrics.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome_airflow.json_settings import loaded


@dataclass(frozen=True)
class Settings:
    """*slots* by queue; *units* are others that must run; *heartbeats* has `{queue}` in it.

    *login_rotate*: seconds after which the login is replaced. *drained* is there while the host is to take no tasks.
    """

    file: Path
    slots: Mapping[str, int]
    units: tuple[str, ...]
    login: Path
    login_rotate: float
    authority: Path
    drained: Path
    heartbeats: str
    logs: Path

    def worker(self, queue: str) -> str:
        """Return the unit of the worker of *queue*."""
        return f"aerodrome-worker@{queue}.service"


def load(path: Path) -> Settings:
    """Return the settings in *path*, or SettingsError."""
    return loaded(path, _settings)


def _settings(raw: Mapping[str, Any]) -> Settings:
    return Settings(
        Path(raw["file"]),
        {str(queue["name"]): int(queue["slots"]) for queue in raw["queues"]},
        tuple(map(str, raw["units"])),
        Path(raw["login"]),
        float(raw["login_rotate"]),
        Path(raw["authority"]),
        Path(raw["drained"]),
        str(raw["heartbeats"]),
        Path(raw["logs"]),
    )
