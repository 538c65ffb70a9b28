"""Commands about the repository itself: the catalogue, the generated pages and its programs."""

from __future__ import annotations

from typing import Annotated

import typer

from aerodrome.cli import options, show


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command()(operators)
    app.command()(docs)
    app.command()(helm)


def operators() -> None:
    """List the operators that a manifest can use."""
    from aerodrome.reference import operator_rows

    for uses, summary in operator_rows():
        show.line(f"{uses:<16} {summary}")
    show.line("parameters: docs/reference/operators.md")


def helm() -> None:
    """Fetch the helm programs that test and deploy the chart into .venv/helm, unless they are there."""
    from aerodrome.helm_binaries import fetch_helm

    fetch_helm(options.repository_root() / ".venv/helm")


def docs(
    only: Annotated[str | None, typer.Option(help="schemas: only the JSON Schemas.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a page is out of date.")
    ] = False,
) -> None:
    """Write the generated reference pages and JSON Schemas."""
    from aerodrome.reference import outdated, pages, write

    root = options.repository_root()
    wanted = {path: text for path, text in pages(root).items() if only is None or only in path}
    if check:
        stale = outdated(root, wanted)
        for path in stale:
            show.line(f"{path} is out of date: run `make docs`")
        raise typer.Exit(2 if stale else 0)
    for path in write(root, wanted):
        show.line(f"wrote {path}")
