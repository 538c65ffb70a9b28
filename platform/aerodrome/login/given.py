"""Secrets of the login that somebody must give: which ones, that none lacks, and whether the directory takes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from aerodrome.clients.directory import DirectoryAccess
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError, UserError
from aerodrome.login import authorities
from aerodrome.render.login import BIND_PASSWORD, Wanted, wanted_secrets

ACCEPTED, NOT_ASKED = "the directory accepts it", "the directory does not answer, so it was not tried"


def asked_for(environment: Environment) -> tuple[Wanted, ...]:
    """Return the secrets that *environment*'s login needs; UserError where it needs none."""
    settings = environment.login
    found = wanted_secrets(settings)
    if not found:
        why = "its directory runs here" if settings.runs_directory else f"its kind is {settings.kind}"
        raise UserError(f"the login of {environment.name} needs no secret: {why}", "nothing was written")
    return found


def require(environment: Environment, known: Collection[str]) -> None:
    """Do nothing where all that the login needs is *known*, by its keys; UserError elsewhere."""
    lost = [wanted for wanted in wanted_secrets(environment.login) if wanted.key not in known]
    if lost:
        raise UserError(
            "\n".join(f"the {wanted.what} is not known here" for wanted in lost),
            f"make login-secret ENV={environment.name} asks for it; nobody could log in without it",
        )


def tried(root: Path, environment: Environment, given: Mapping[str, str]) -> tuple[str, ...]:
    """Return what there is to say of the secrets *given*; UserError where the directory refuses a password."""
    directory, password = environment.login.directory, given.get(BIND_PASSWORD)
    if password is None or directory is None or directory.bind_dn is None:
        return ()
    authorities.require(root, environment)
    authority = authorities.of_directory(root, environment)
    access = DirectoryAccess(directory.url, directory.bind_dn, password, directory.start_tls, authority)
    try:
        accepted = access.accepts(directory.bind_dn, password)
    except AerodromeError as problem:
        return (f"{NOT_ASKED}: {problem}",)
    if not accepted:
        raise UserError(
            f"{directory.url} refuses this password of {directory.bind_dn}", "nothing was written"
        )
    return (ACCEPTED,)
