"""The command line: `aerodrome`, which every Makefile target calls."""

from __future__ import annotations

import sys

import typer

from aerodrome.errors import AerodromeError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Airflow as a service for many teams, from one repository.",
)


def main() -> None:
    """Run the command line; a mistake ends in its message and exit code 2, never in a traceback."""
    from aerodrome.cli import platform, repository, tenant

    for module in (tenant, platform, repository):
        module.register(app)
    try:
        app()
    except AerodromeError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the one place that speaks to the terminal without rich
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201
        sys.exit(130)
