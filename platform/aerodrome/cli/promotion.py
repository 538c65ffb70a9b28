"""The platform team's command that brings what works in one environment to the next."""

from __future__ import annotations

from typing import Annotated

import typer

from aerodrome.cli import options, show


def register(app: typer.Typer) -> None:
    """Add this command to *app*."""
    app.command()(promote)


def promote(
    source: Annotated[str, typer.Option("--from", help="The environment where it was seen to work.")],
    target: Annotated[str, typer.Option("--to", help="The environment after it: its promoted_from says so.")],
    yes: options.Yes = False,
    confirm: options.Confirm = "",
) -> None:
    """Deploy to an environment the commit and the images that run in the one before it, built nowhere again."""
    from aerodrome.cli.platform import deploy_to_cluster
    from aerodrome.kubernetes.deploy import require_deployable
    from aerodrome.kubernetes.promotion import bring_images, require_stage

    root = options.repository_root()
    require_stage(root, source, target)
    # What a registry has been given stays there: nothing is copied for a deploy that could not begin.
    require_deployable(root, target)
    with show.steps() as progress:
        entry = bring_images(root, source, target, progress)
    show.line(f"{target}: gets commit {entry.commit}, deploy {entry.number} of {source}")
    deploy_to_cluster(root, target, None, yes=yes, confirm=confirm)
