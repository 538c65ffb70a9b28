"""What differs: between an environment and its declaration, and between two environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aerodrome.cli import documents, kinds, options, show
from aerodrome.errors import counted

if TYPE_CHECKING:
    from aerodrome.environment_difference.compare import Compared
    from aerodrome.plan import Drift

DRIFTED = 3


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command()(drift)
    app.command("diff-env")(diff_env)


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
        _drifted(found)
    if found.differs:
        raise typer.Exit(DRIFTED)
    show.problems_or_nothing(found.planned.problems)


def diff_env(
    a: Annotated[str, typer.Argument(help="A folder of environments/.", show_default=False)],
    b: Annotated[str, typer.Argument(help="Another one.", show_default=False)],
    live: Annotated[
        bool, typer.Option("--live", help="Ask both clusters too: the last deploy's commit, and images.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Show what this work tree declares otherwise for two environments: settings, values, tenants, DAGs, hosts."""
    from aerodrome.environment_difference.compare import compare

    root = options.repository_root()
    with show.working(f"comparing {a} with {b}"):
        found = compare(root, a, b, live=live)
    if as_json:
        show.document(documents.difference(found))
    else:
        _compared(found)


def _compared(found: Compared) -> None:
    cells = (
        (one.part, one.what, *("-" if v is None else v for v in (one.a, one.b))) for one in found.differences
    )
    number = show.rows(("part", "what", found.a, found.b), cells)
    show.line(counted(number, "difference") if number else f"{found.a} and {found.b}: nothing differs")
    show.notes(found.notes)


def _drifted(found: Drift) -> None:
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
