"""The platform team's command: build and push the images of a cluster."""

from __future__ import annotations

import typer

from aerodrome.cli import options, show
from aerodrome.errors import counted


def register(app: typer.Typer) -> None:
    """Add this command to *app*."""
    app.command()(images)


def images(env: options.Environment = "local", as_json: options.AsJson = False) -> None:
    """Build and push every image that the environment's registry lacks, and tell the digests of all."""
    from aerodrome.kubernetes.images import make_images

    with show.steps(beside=as_json) as progress:
        made = make_images(options.repository_root(), env, progress)
    if as_json:
        show.document({"environment": env, "images": made.digests})
    else:
        for found in made.digests.values():
            show.line(f"{found['repository']}@{found['digest']}")
        made_now = f"{counted(len(made.changes), 'image')} made" if made.changes else "nothing to build"
        show.line(f"{env}: {made_now}")
    show.problems_or_nothing(made.problems)
