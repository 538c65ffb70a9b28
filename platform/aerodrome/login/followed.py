"""One run that let roles follow the directory, as `aerodrome_airflow.roles.follow` tells it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError, UserError

LONGEST_SECONDS = 300


@dataclass(frozen=True)
class RoleChange:
    """One change of one user; *role* is empty where it is of the user."""

    action: str
    user: str
    role: str
    why: str


@dataclass(frozen=True)
class Followed:
    """What a run found; *brake* says why it changed nothing, *applied* whether it changed what it found."""

    changes: tuple[RoleChange, ...]
    notes: tuple[str, ...]
    brake: str
    applied: bool


def require_directory(environment: Environment) -> None:
    """Do nothing where the login has a directory; UserError where roles have nothing to follow."""
    if not environment.login.has_directory:
        raise UserError(
            f"the login of {environment.name} has no directory: roles there are those of the deploy's own users",
            "write login: {kind: directory} into its environment.yaml and deploy",
        )


def command(*, dry_run: bool, force: bool) -> Sequence[str]:
    """Return the arguments of Python for one run."""
    options = [*(["--dry-run"] if dry_run else []), *(["--force"] if force else []), "--once"]
    return ("-m", "aerodrome_airflow.roles.follow", *options)


def followed(environment: str, out: str, errors: str) -> Followed:
    """Return what a run printed; AerodromeError with the reason where it ended without finding anything."""
    if not out.strip():
        reason = errors.strip().splitlines() or ["the run ended without a word"]
        remedy = f"nothing was changed in {environment}; docs/runbooks/roles-brake.md tells what to look at"
        raise AerodromeError(reason[-1], remedy)
    found = json.loads(out.splitlines()[-1])
    changes = tuple(RoleChange(**change) for change in found["changes"])
    return Followed(changes, tuple(found["notes"]), found["brake"] or "", found["applied"])
