"""What the commands print: rich on a terminal, plain lines in a pipe."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from aerodrome.errors import Problem, ProblemsFound, counted
from aerodrome.plan.page import why
from aerodrome.plan.saved import PAGE
from aerodrome.progress import Progress, Step
from aerodrome.quantities import format_duration
from aerodrome.terminal import visible

if TYPE_CHECKING:
    from pathlib import Path

    from aerodrome.bundle import Publish
    from aerodrome.local.processes.status import Row
    from aerodrome.local.release.deploy import Deployed, Status
    from aerodrome.local.release.first_runs import DagRow, FirstRuns
    from aerodrome.login.followed import Followed
    from aerodrome.pipeline import Build
    from aerodrome.plan import Change, Orphan, Plan, Planned

# In a pipe nothing says how wide a line may be: wide enough that no cell is cut.
_PIPE_WIDTH = 240
_LONGEST_CELL = 160
_console = Console(
    highlight=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_WIDTH
)
_beside = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def line(text: str) -> None:
    """Print one line as it is; markup in it has no meaning, and what would command the terminal is shown."""
    # The output of a tenant's tests comes this way.
    _console.print(visible(text), markup=False)


def text(block: str) -> None:
    """Print several lines as they are."""
    line(block.rstrip("\n"))


def table(made: Table) -> None:
    """Print a table."""
    _console.print(made)


def rows(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> int:
    """Print a table of texts, each cut to one line, and return how many rows it has; nothing where there are none."""
    made = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in cells:
        made.add_row(*(escape(_one_line(cell)) for cell in row))
    if made.row_count:
        _console.print(made)
    return made.row_count


def _one_line(cell: str) -> str:
    shown = visible(" ".join(cell.split()))
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[:_LONGEST_CELL]}…"


def document(found: Mapping[str, Any]) -> None:
    """Print one JSON document, and nothing that a terminal would want."""
    sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


@contextlib.contextmanager
def working(what: str) -> Iterator[Progress]:
    """Show a spinner on a terminal while the block runs; the callable replaces its text."""
    with _console.status(what) as spinner:
        yield lambda message: spinner.update(escape(visible(message)))


@contextlib.contextmanager
def steps(*, beside: bool = False) -> Iterator[Step]:
    """Print each step of a long command with the seconds since its start; one that repeats itself once.

    *beside*: on standard error, where a document is what the command prints.
    """
    console = _beside if beside else _console
    started = time.monotonic()
    last = ("", "")

    def step(stage: str, message: str) -> None:
        nonlocal last
        if (stage, message) != last:
            said = f"{time.monotonic() - started:6.1f} s  {stage:<12} {message}"
            console.print(visible(said), markup=False)
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


def plan(planned: Planned, folder: Path, command: str) -> None:
    """Print the changes as a table, where the plan is kept, its hash, and the *command* that applies it."""
    made = planned.plan
    changes(made.changes)
    if made.changes:
        line(f"{counted(len(made.changes), 'change')}, plan {made.digest}")
        line(f"to read: {folder / PAGE}")
        line(f"to apply: {command}")
    else:
        line(f"{made.environment}: nothing to change")
    staying(made.staying)
    orphans(made.orphans)
    notes(planned.notes)


def staying(tenants: Sequence[str]) -> None:
    """Print which tenants a deploy leaves as they were deployed; nothing where there are none."""
    if tenants:
        line(f"stays as it was deployed: {', '.join(tenants)} (a mistake, or no image: told at the end)")


def orphans(found: Sequence[Orphan]) -> None:
    """Print what belongs to no tenant and no host of the repository any more, and what removes it."""
    if found:
        line(
            f"\n{counted(len(found), 'orphan')}: no folder in tenants/ and no line of the inventory has them any more"
        )
    rows(("orphan of", "kind", "name", "kept in", "since", "to remove"), map(astuple, sorted(found)))


def changes(found: Sequence[Change]) -> None:
    """Print changes as a table: what, why, at which risk, and whether a deploy of the commit before takes it back."""
    if not found:
        return
    columns = ("target", "action", "what", "why", "risk", "can be undone")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for change in found:
        what, reason = (escape(visible(text)) for text in (change.what, why(change)))
        undone = "yes" if change.reversible else "no"
        table.add_row(change.target, change.action, what, reason, change.risk, undone)
    _console.print(table)


def made(done: Plan) -> str:
    """Return how much was changed."""
    number = len(done.changes)
    return f"{counted(number, 'change')} made" if number else "nothing to change"


def deployed(result: Deployed) -> None:
    """Print what a deploy did, how to reach the platform, and each DAG's run."""
    line("")
    line(f"{result.plan.environment}: {made(result.plan)}")
    _platform(result.status)
    notes((*result.notes, *(unwell(result.runs) if result.problems else ())))


def status(found: Status) -> None:
    """Print processes, DAGs and addresses on one screen."""
    if found.processes:
        _processes(found.processes)
    _platform(found)


def unwell(runs: FirstRuns) -> list[str]:
    """Return one line for the first runs that failed and one for those that should have ended."""
    told = {"failed": runs.failed, "should have ended and has not": runs.overdue}
    return [f"the first run of {', '.join(dags)} {what}" for what, dags in told.items() if dags]


def _platform(found: Status) -> None:
    _runs(found.dags)
    width = max(map(len, found.addresses), default=0) + 2
    for label, value in found.addresses.items():
        line(f"{label:<{width}}{value}")
    notes(found.warnings)


def notes(told: Sequence[str]) -> None:
    """Print each on a line of its own, marked as a note."""
    for note in told:
        line(f"note: {note}")


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


def _runs(dags: Sequence[DagRow]) -> None:
    if not dags:
        return
    table = Table("tenant", "DAG", "last run", "state", "took", box=None, pad_edge=False, header_style="bold")
    for dag in dags:
        took = "" if dag.seconds is None else f"{dag.seconds:.0f} s"
        table.add_row(dag.tenant, dag.dag, escape(dag.run) or "never ran", dag.state, took)
    _console.print(table)
    line("")


def followed(found: Followed) -> None:
    """Print who gets or loses which role, and why, as a table."""
    if found.changes:
        table = Table("action", "user", "role", "why", box=None, pad_edge=False, header_style="bold")
        for change in found.changes:
            table.add_row(
                change.action, *(escape(visible(text)) for text in (change.user, change.role, change.why))
            )
        _console.print(table)
    notes(found.notes)


def history(publishes: Sequence[Publish]) -> None:
    """Print one line for each publish, newest first."""
    for publish in publishes:
        line(f"{publish.commit[:12]}  {publish.when:%Y-%m-%d %H:%M:%S}  {publish.summary}")
