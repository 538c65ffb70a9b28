"""What differs: between an environment and its declaration, and between two environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from aerodrome.cli import documents, kinds, options, show

if TYPE_CHECKING:
    from aerodrome.plan import Drift

DRIFTED = 3


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command()(drift)


def drift(env: options.Environment = "local", as_json: options.AsJson = False) -> None:
    """Compare what there is with what this work tree declares; exit 3 where they differ. Keeps no plan."""
    from aerodrome.plan import Drift

    root = options.repository_root()
    deployed = kinds.last_deploy(root, env)
    with show.working(f"comparing {env} with this commit") as say:
        found = Drift(kinds.planned(root, env, say), deployed)
    if as_json:
        show.document(documents.drift(found))
    else:
        _print(found)
    if found.differs:
        raise typer.Exit(DRIFTED)
    show.problems_or_nothing(found.planned.problems)


def _print(found: Drift) -> None:
    made = found.planned.plan
    show.changes(made.changes)
    if not found.differs:
        show.line(f"{made.environment}: nothing differs")
    show.line(f"deployed last:   {found.deployed or 'nothing that is on record'}")
    show.line(f"this work tree:  {made.commit}")
    if found.verdict:
        show.line(found.verdict)
    # With exit code 3 they are told here, or nowhere.
    told = found.planned.problems if found.differs else ()
    show.notes((*(str(problem) for problem in told), *found.planned.notes))
