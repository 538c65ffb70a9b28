"""What the sender of logs on a host is told: logs.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome_airflow.json_settings import loaded


@dataclass(frozen=True)
class Settings:
    """*folder* is Airflow's folder of task logs, *store* what :func:`place.opened` takes; times in seconds.

    *largest*: bytes of all logs. *ledger* and *status* are files of the sender's own.
    """

    folder: Path
    ledger: Path
    status: Path
    host: str
    store: Mapping[str, Any]
    kept: float
    largest: int


def load(path: Path) -> Settings:
    """Return the settings in *path*, or SettingsError."""
    return loaded(path, _settings)


def _settings(raw: Mapping[str, Any]) -> Settings:
    return Settings(
        Path(raw["folder"]),
        Path(raw["ledger"]),
        Path(raw["status"]),
        str(raw["host"]),
        dict(raw["store"]),
        float(raw["kept_seconds"]),
        int(raw["largest_bytes"]),
    )
