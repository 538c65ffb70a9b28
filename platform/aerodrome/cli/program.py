"""Every command of the command line, and how a failure of one ends."""

from __future__ import annotations

import errno
import signal
import sys
from typing import NoReturn

import typer

from aerodrome.errors import PLATFORM_FAULT, AerodromeError, of_machine
from aerodrome.terminal import visible

_MACHINE = frozenset({errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EDQUOT})


def run() -> None:
    """Run the command that the arguments name; a mistake ends in its message and exit code 2."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        commands()()
    except AerodromeError as error:
        _refuse(str(error), error.exit_code)
    except OSError as error:
        if error.errno not in _MACHINE:
            raise
        _refuse(of_machine(error), PLATFORM_FAULT)


def commands() -> typer.Typer:
    """Return the command line with every command."""
    from aerodrome.cli import (
        differences,
        images,
        inventory,
        login_secret,
        platform,
        promotion,
        repository,
        roles,
        secret,
        tenant,
        workers,
    )

    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Airflow as a service for many teams, from one repository.",
    )
    for module in (
        tenant, platform, promotion, differences, images, secret, login_secret, roles, inventory, workers, repository,
    ):  # fmt: skip
        module.register(app)
    return app


def _refuse(message: str, code: int) -> NoReturn:
    # What failed may be a tenant's: the build of a package tells in its own words why.
    print(visible(message), file=sys.stderr)  # noqa: T201 - the one place that speaks to the terminal without rich
    sys.exit(code)


def _end(number: int, _frame: object) -> NoReturn:
    # As an exception, so that what was started is ended and what was written for the moment is removed.
    sys.exit(128 + number)
