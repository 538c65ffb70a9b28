"""Keeping what somebody must give for the login of ENV=local: passwords of its accounts elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine import state
from aerodrome.local.machine.credentials import credentials
from aerodrome.local.machine.lock import alone, lock_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import login
from aerodrome.local.processes.login import Wanted
from aerodrome.local.release.preparation import local_environment

ACCEPTED, NOT_ASKED = "the directory accepts it", "the directory does not answer, so it was not tried"


def asked_for(root: Path, environment: str) -> tuple[Wanted, ...]:
    """Return the secrets that *environment*'s login needs; UserError where it needs none."""
    settings = local_environment(root, environment).login
    found = login.wanted_secrets(settings)
    if not found:
        why = "its directory runs here" if settings.runs_directory else f"its kind is {settings.kind}"
        raise UserError(f"the login of {environment} needs no secret: {why}", "nothing was written")
    return found


def keep(root: Path, environment: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """Store the secrets *given*, by their keys, and return what there is to say.

    UserError where the directory refuses a password: then nothing is written.
    """
    found, layout = local_environment(root, environment), state.locate(root)
    state.require_usable(layout)
    told = _tried(Platform(layout, found, looked_at=True), given)
    with alone(lock_file(root)):
        state.claim(layout)
        for wanted in login.wanted_secrets(found.login):
            if wanted.key in given:
                credentials(layout).replace(wanted.name, given[wanted.key])
    return (*told, f"kept; `make deploy ENV={environment}` brings it to the API server")


def _tried(platform: Platform, given: Mapping[str, str]) -> tuple[str, ...]:
    directory, password = platform.environment.login.directory, given.get(login.BIND_PASSWORD)
    if password is None or directory is None or directory.bind_dn is None:
        return ()
    from aerodrome.clients.directory import DirectoryAccess

    login.require_authorities(platform)
    access = DirectoryAccess(
        directory.url, directory.bind_dn, password, directory.start_tls, login.authority(platform)
    )
    try:
        accepted = access.accepts(directory.bind_dn, password)
    except AerodromeError as problem:
        return (f"{NOT_ASKED}: {problem}",)
    if not accepted:
        raise UserError(
            f"{directory.url} refuses this password of {directory.bind_dn}", "nothing was written"
        )
    return (ACCEPTED,)
