"""An operator's command: give the login the passwords of its own accounts elsewhere."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer

from aerodrome.cli import options, show, unseen
from aerodrome.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aerodrome.environment import Environment
    from aerodrome.render.login import Wanted


def register(app: typer.Typer) -> None:
    """Add this command to *app*."""
    app.command()(login_secret)


def login_secret(env: options.Environment = "local") -> None:
    """Ask for what the login needs: password in the directory, secret at the provider. Not on a terminal: JSON."""
    from aerodrome.environment import load_environment
    from aerodrome.login.given import asked_for

    root = options.repository_root()
    environment = load_environment(root, env)
    wanted = asked_for(environment)
    given = _asked(wanted) if sys.stdin.isatty() else _read(wanted)
    for line in _kept(root, environment, given):
        show.line(line)


def _kept(root: Path, environment: Environment, given: Mapping[str, str]) -> tuple[str, ...]:
    if environment.kind == "kubernetes":
        from aerodrome.kubernetes.login import keep as keep_in_cluster

        return keep_in_cluster(root, environment.name, given, show.line)
    from aerodrome.local.release.login_desk import keep

    return keep(root, environment.name, given)


def _asked(wanted: tuple[Wanted, ...]) -> dict[str, str]:
    show.line("what you type is not shown; empty: keep what is there")
    given = {found.key: unseen.asked(f"{found.what}: ") for found in wanted}
    given = {key: text for key, text in given.items() if text}
    if not given:
        raise UserError("nothing was given", "nothing was written")
    return given


def _read(wanted: tuple[Wanted, ...]) -> dict[str, str]:
    keys = [found.key for found in wanted]
    how = f"give one JSON object on standard input, with {' and '.join(keys)}"
    try:
        document = json.loads(unseen.standard_input())
    except (json.JSONDecodeError, RecursionError):
        raise UserError("standard input is no JSON", how) from None
    if not isinstance(document, dict) or not document or not document.keys() <= set(keys):
        raise UserError("standard input is no JSON object with these keys only", how)
    if not all(isinstance(text, str) and text for text in document.values()):
        raise UserError("each value must be a text that is not empty", how)
    return document
