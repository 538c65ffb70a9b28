"""Whose hosts are whose: what a run has started goes with it, also where the run was killed."""

from __future__ import annotations

import json
import os

import psutil
from fleet.podman import OURS, podman, process

ENVIRONMENT = "AERODROME_HOSTS_OWNER"
KEPT = "kept"
"""The owner of hosts that nobody but a person removes."""


def myself() -> str:
    """Return what names this process, and no later one with its number."""
    return f"{os.getpid()}-{psutil.Process().create_time():.0f}"


def owner() -> str:
    """Return who owns what is started here: the run that the environment names, else a person who keeps it."""
    return os.environ.get(ENVIRONMENT, KEPT)


def sweep() -> None:
    """Remove the hosts of runs that are no more."""
    for name, whose in _ours().items():
        if not _lives(whose):
            process("rm", "--force", "--time=0", "--volumes", name)


def remove_all(whose: str) -> None:
    """Remove every host of *whose*."""
    names = [name for name, found in _ours().items() if found == whose]
    if names:
        process("rm", "--force", "--time=0", "--volumes", *names)


def _ours() -> dict[str, str]:
    found = podman("ps", "--all", "--filter", f"label={OURS}.owner", "--format", "json") or "[]"
    return {one["Names"][0]: one["Labels"][f"{OURS}.owner"] for one in json.loads(found)}


def _lives(whose: str) -> bool:
    number, _, started = whose.partition("-")
    if not number.isdigit():
        return True
    try:
        return f"{psutil.Process(int(number)).create_time():.0f}" == started
    except psutil.NoSuchProcess:
        return False
