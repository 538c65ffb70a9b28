"""Security's and the platform team's command: let roles follow the directory now, or see what would change."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from aerodrome.cli import options, show
from aerodrome.errors import AerodromeError, ProblemsFound, counted

if TYPE_CHECKING:
    from pathlib import Path

    from aerodrome.login.followed import Followed


def register(app: typer.Typer) -> None:
    """Add this command to *app*."""
    app.command()(roles)


def roles(
    env: options.Environment = "local",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also what the brake holds back.")] = False,
) -> None:
    """Let roles follow the directory now, and show who gets or loses which role, and by which group."""
    with show.working(f"asking the directory of {env}"):
        found = _followed(options.repository_root(), env, dry_run=dry_run, force=force)
    show.followed(found)
    if not found.brake or found.applied:
        show.line(f"{env}: {_told(found, dry_run)}")
        return
    remedy = f"look at the table, and at the directory; if it is right: make roles ENV={env} FORCE=1"
    raise AerodromeError(f"nothing was changed: {found.brake}", remedy)


def _followed(root: Path, env: str, *, dry_run: bool, force: bool) -> Followed:
    if _in_cluster(root, env):
        from aerodrome.kubernetes.login import follow_in_cluster

        return follow_in_cluster(root, env, dry_run=dry_run, force=force)
    from aerodrome.local.release.followed_roles import follow_local

    return follow_local(root, env, dry_run=dry_run, force=force)


def _in_cluster(root: Path, env: str) -> bool:
    from aerodrome.environment import load_environment

    # What was deployed on this machine is asked even where its environment.yaml is broken by now.
    with suppress(ProblemsFound):
        return load_environment(root, env).kind == "kubernetes"
    return False


def _told(found: Followed, dry_run: bool) -> str:
    if not found.changes:
        return "nothing to change"
    return f"{counted(len(found.changes), 'change')} {'found, none made' if dry_run else 'made'}"
