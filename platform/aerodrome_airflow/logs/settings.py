"""What the sender of logs on a host or in a pod is told: logs.json."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome_airflow.json_settings import loaded


@dataclass(frozen=True)
class Settings:
    """*folder* is Airflow's folder of task logs, *store* what :func:`place.opened` takes; times in seconds.

    *largest*: bytes of all logs. *ledger* and *status* are files of the sender's own. *host*: of a pod its name.
    *cleans*: whether it removes anything, which one that may only read leaves to others. *ending*: for so long what is
    left is tried again at the end.
    """

    folder: Path
    ledger: Path
    status: Path
    host: str
    store: Mapping[str, Any]
    kept: float = 0.0
    largest: int = 0
    cleans: bool = True
    ending: float = 0.0


def load(path: Path) -> Settings:
    """Return the settings in *path*, or SettingsError."""
    return loaded(path, _settings)


def _settings(raw: Mapping[str, Any]) -> Settings:
    folder, ledger, status = (Path(raw[key]) for key in ("folder", "ledger", "status"))
    host, store = str(raw.get("host") or socket.gethostname()), dict(raw["store"])
    if raw.get("cleans") is False:
        ending = float(raw["ending_seconds"])
        return Settings(folder, ledger, status, host, store, cleans=False, ending=ending)
    kept, largest = float(raw["kept_seconds"]), int(raw["largest_bytes"])
    return Settings(folder, ledger, status, host, store, kept, largest)
