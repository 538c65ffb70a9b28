"""A host's files as its metrics are read from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.host_metrics.settings import Settings, load

NOW = 1_800_000_000.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A host with one queue, whose login was replaced an hour ago."""
    said: dict[str, Any] = {
        "file": str(tmp_path / "metrics/aerodrome.prom"),
        "queues": [{"name": "onprem", "slots": 2}],
        "units": ["aerodrome-secrets.service"],
        "login": str(tmp_path / "secret_id"),
        "login_rotate": 86400,
        "authority": str(tmp_path / "authority.pem"),
        "drained": str(tmp_path / "drained"),
        "heartbeats": str(tmp_path / "{queue}-heartbeat"),
        "logs": str(tmp_path / "status.json"),
    }
    (tmp_path / "metrics.json").write_text(json.dumps(said))
    touch(Path(said["login"]), 3600)
    return load(tmp_path / "metrics.json")


def touch(file: Path, age: float) -> None:
    """Write *file* as it was *age* seconds before now."""
    file.write_text("")
    os.utime(file, (NOW - age, NOW - age))
