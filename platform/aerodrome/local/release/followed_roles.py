"""Roles that follow the directory, asked for now: what would change, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

from aerodrome.errors import AerodromeError
from aerodrome.local.machine.platform import Platform
from aerodrome.local.machine.programs import run
from aerodrome.local.processes.topology import ROLES, airflow_environment
from aerodrome.local.release.preparation import deployed_platform
from aerodrome.login.followed import LONGEST_SECONDS, Followed, command, followed, require_directory
from aerodrome.render.login import SETTINGS


def follow_local(root: Path, environment: str, *, dry_run: bool, force: bool) -> Followed:
    """Let roles follow the directory once; AerodromeError where it, or the database, does not answer."""
    platform = deployed_platform(root, environment)
    require_directory(platform.environment)
    if not (platform.layout.process_config(ROLES) / SETTINGS).is_file():
        raise AerodromeError("nothing follows a directory here yet", f"make deploy ENV={environment} first")
    done = _run(platform, command(dry_run=dry_run, force=force))
    return followed(environment, done.stdout, done.stderr)


def _run(platform: Platform, arguments: Sequence[str]) -> CompletedProcess[str]:
    user = platform.accounts.airflow
    return run(
        [platform.layout.python, *arguments],
        "letting roles follow the directory",
        LONGEST_SECONDS,
        cwd=platform.layout.process_config(ROLES),
        env=airflow_environment(platform, ROLES),
        user=user,
        group=user,
        extra_groups=[] if user else None,
        umask=0o027,
    )
