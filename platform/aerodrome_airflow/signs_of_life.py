"""A worker's signs of life: a file that is as old as its last heartbeat to the broker."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from celery.signals import heartbeat_sent, worker_init  # type: ignore[import-untyped]


def install() -> None:
    """Have workers of this process touch, with each heartbeat, the file that `[aerodrome] heartbeat_file` names."""
    worker_init.connect(show, weak=False)


def show(**_: Any) -> None:
    """Touch the file with each heartbeat from now on; nothing is done where the configuration names none."""
    if named := conf.get("aerodrome", "heartbeat_file", fallback=""):
        heartbeat_sent.connect(lambda **_: _touch(Path(named)), weak=False)


def _touch(file: Path) -> None:
    # A full disk ends no worker.
    with suppress(OSError):
        file.touch()
