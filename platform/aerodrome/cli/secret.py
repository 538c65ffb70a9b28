"""Security staff's command: write or delete one connection or variable."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aerodrome.cli import options, show, unseen

if TYPE_CHECKING:
    from aerodrome.environment import Environment
    from aerodrome.secrets.entry import Entry
    from aerodrome.secrets.values import Value
    from aerodrome.secrets.writing import Desk


def register(app: typer.Typer) -> None:
    """Add this command to *app*."""
    app.command()(secret)


def secret(  # noqa: PLR0913, PLR0917  (each is an option of its own)
    tenant: Annotated[str, typer.Argument(help="A folder of tenants/, or global.", show_default=False)],
    name: Annotated[str, typer.Argument(help="As tenant.yaml names it.", show_default=False)],
    env: options.Environment = "local",
    kind: Annotated[Literal["connection", "variable"], typer.Option(help="What it is.")] = "connection",
    type_: Annotated[str, typer.Option("--type", help="Type of a connection that all tenants share.")] = "",
    delete: Annotated[bool, typer.Option("--delete", help="Remove it with its history.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deleting.")] = False,
) -> None:
    """Ask for a connection or variable and store it; nothing is shown. Not on a terminal: JSON on standard input."""
    from aerodrome.environment import load_environment
    from aerodrome.secrets.entry import Request

    root = options.repository_root()
    request = Request(tenant, name, kind, type_)
    desk = _desk(root, load_environment(root, env))
    if not delete:
        for line in desk.write(request, _asked):
            show.line(line)
        return
    if not yes:
        typer.confirm(f"Delete the {kind} {tenant}.{name} of {env} with all its versions?", abort=True)
    show.line(desk.delete(request))


def _desk(root: Path, environment: Environment) -> Desk:
    from aerodrome.local.release.secret_desk import local_desk
    from aerodrome.secrets import access
    from aerodrome.secrets.writing import Desk

    if environment.kind == "local":
        return local_desk(root, environment)
    vault = access.vault(root, environment) if environment.secrets.store == "vault" else None
    return Desk(root, environment, access.values(root, environment), vault)


def _asked(entry: Entry) -> Value:
    from aerodrome.secrets import dialogue

    if not sys.stdin.isatty():
        return dialogue.parsed(entry, unseen.standard_input())
    show.line(f"{entry.title}{f', of type {entry.type}' if entry.type else ''}; what you type is not shown")
    return dialogue.asked(entry, unseen.asked, show.line)
