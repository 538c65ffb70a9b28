"""Keeping what somebody must give for the login of ENV=local: passwords of its accounts elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aerodrome.local.machine import state
from aerodrome.local.machine.credentials import credentials
from aerodrome.local.machine.lock import alone, lock_file
from aerodrome.local.processes.login import CREDENTIALS
from aerodrome.local.release.preparation import local_environment
from aerodrome.login.given import tried


def keep(root: Path, environment: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """Store the secrets *given*, by their keys, and return what there is to say.

    UserError where the directory refuses a password: then nothing is written.
    """
    found, layout = local_environment(root, environment), state.locate(root)
    state.require_usable(layout)
    told = tried(root, found, given)
    with alone(lock_file(root)):
        state.claim(layout)
        for key, value in given.items():
            credentials(layout).replace(CREDENTIALS[key], value)
    return (*told, f"kept; `make deploy ENV={environment}` brings it to the API server")
