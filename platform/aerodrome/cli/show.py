"""What the commands print: rich on a terminal, plain lines in a pipe."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from aerodrome.errors import Problem, ProblemsFound, counted
from aerodrome.quantities import format_duration

if TYPE_CHECKING:
    from aerodrome.bundle import Publish
    from aerodrome.local.deploy import Deployed, Status
    from aerodrome.local.status import Row
    from aerodrome.pipeline import Build
    from aerodrome.plan import Plan

# In a pipe nothing says how wide a line may be: wide enough that no cell is cut.
_PIPE_WIDTH = 240
_console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def line(text: str) -> None:
    """Print one line as it is; markup in it has no meaning."""
    _console.print(text, markup=False)


def text(block: str) -> None:
    """Print several lines as they are."""
    line(block.rstrip("\n"))


@contextlib.contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on a terminal while the block runs; the callable replaces its text."""
    with _console.status(what) as spinner:
        yield lambda message: spinner.update(escape(message))


@contextlib.contextmanager
def steps() -> Iterator[Callable[[str, str], None]]:
    """Print each step of a long command with the seconds since its start; one that repeats itself once."""
    started = time.monotonic()
    last = ("", "")

    def step(stage: str, message: str) -> None:
        nonlocal last
        if (stage, message) != last:
            line(f"{time.monotonic() - started:6.1f} s  {stage:<12} {message}")
        last = (stage, message)

    yield step


def problems_or_nothing(problems: Sequence[Problem]) -> None:
    """Raise all *problems* as one error; do nothing where there is none."""
    if problems:
        raise ProblemsFound(problems)


def problems_or_summary(build: Build, seconds: float) -> None:
    """Raise the build's problems, or say how much was found to be good."""
    problems_or_nothing(build.problems)
    dags, tenants = counted(len(build.dags), "DAG"), counted(len(build.tenants), "tenant")
    line(f"{dags} of {tenants}: valid ({seconds:.1f} s)")


def plan(made: Plan) -> None:
    """Print the changes as a table and the plan's hash."""
    if not made.changes:
        line(f"{made.environment}: nothing to change")
        return
    table = Table("target", "action", "what", "why", "risk", box=None, pad_edge=False, header_style="bold")
    for change in made.changes:
        table.add_row(change.target, change.action, escape(change.what), escape(change.why), change.risk)
    _console.print(table)
    line(f"{counted(len(made.changes), 'change')}, plan {made.digest[:12]}")


def deployed(result: Deployed) -> None:
    """Print what a deploy did, how to reach the platform, and each DAG's run."""
    line("")
    number = len(result.plan.changes)
    line(
        f"{result.plan.environment}: {counted(number, 'change') + ' made' if number else 'nothing to change'}"
    )
    _runs(result.status)
    for row in result.status.addresses:
        line(row)
    for warning in result.status.warnings:
        line(f"note: {warning}")


def status(found: Status) -> None:
    """Print processes, DAGs and addresses on one screen."""
    if found.processes:
        _processes(found.processes)
    _runs(found)
    for row in found.addresses:
        line(row)
    for warning in found.warnings:
        line(f"note: {warning}")


def _processes(rows: Sequence[Row]) -> None:
    columns = ("process", "state", "pid", "up", "memory", "")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(row.name, row.state, *_figures(row), row.note)
    _console.print(table)
    line("")


def _figures(process: Row) -> tuple[str, str, str]:
    if not process.pid:
        return ("", "", "")
    uptime = format_duration(timedelta(seconds=process.uptime))
    return (str(process.pid), uptime, f"{process.memory / 2**20:.0f} MiB")


def _runs(found: Status) -> None:
    if not found.dags:
        return
    table = Table("tenant", "DAG", "last run", "state", "took", box=None, pad_edge=False, header_style="bold")
    for dag in found.dags:
        table.add_row(dag.tenant, dag.dag, dag.run, dag.state, dag.took)
    _console.print(table)
    line("")


def history(publishes: Sequence[Publish]) -> None:
    """Print one line for each publish, newest first."""
    for publish in publishes:
        line(f"{publish.commit[:12]}  {publish.when:%Y-%m-%d %H:%M:%S}  {publish.summary}")
