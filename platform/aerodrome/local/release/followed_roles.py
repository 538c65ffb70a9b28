"""Roles that follow the directory, asked for now: what would change, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine.platform import Platform
from aerodrome.local.machine.programs import run
from aerodrome.local.processes.login import SETTINGS
from aerodrome.local.processes.topology import ROLES, airflow_environment
from aerodrome.local.release.preparation import deployed_platform

LONGEST_SECONDS = 300
_MODULE = "aerodrome_airflow.roles.follow"


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


def follow_local(root: Path, environment: str, *, dry_run: bool, force: bool) -> Followed:
    """Let roles follow the directory once; AerodromeError where it, or the database, does not answer."""
    platform = deployed_platform(root, environment)
    if not platform.environment.login.has_directory:
        raise UserError(
            f"the login of {environment} has no directory: roles there are those of the deploy's own users",
            "write login: {kind: directory} into its environment.yaml and deploy",
        )
    if not (platform.layout.process_config(ROLES) / SETTINGS).is_file():
        raise AerodromeError("nothing follows a directory here yet", f"make deploy ENV={environment} first")
    done = _run(platform, [*(["--dry-run"] if dry_run else []), *(["--force"] if force else []), "--once"])
    if not done.stdout.strip():
        reason = done.stderr.strip().splitlines() or ["the run ended without a word"]
        remedy = f"nothing was changed; make status ENV={environment} tells what runs, the runbook roles-brake the rest"
        raise AerodromeError(reason[-1], remedy)
    return _followed(done.stdout.splitlines()[-1])


def _run(platform: Platform, options: Sequence[str]) -> CompletedProcess[str]:
    user = platform.accounts.airflow
    return run(
        [platform.layout.python, "-m", _MODULE, *options],
        "letting roles follow the directory",
        LONGEST_SECONDS,
        cwd=platform.layout.process_config(ROLES),
        env=airflow_environment(platform, ROLES),
        user=user,
        group=user,
        extra_groups=[] if user else None,
        umask=0o027,
    )


def _followed(text: str) -> Followed:
    found = json.loads(text)
    changes = tuple(RoleChange(**change) for change in found["changes"])
    return Followed(changes, tuple(found["notes"]), found["brake"] or "", found["applied"])
