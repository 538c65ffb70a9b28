"""What the commands of operations print: one row for each host."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from aerodrome.cli import show
from aerodrome.terminal import visible

if TYPE_CHECKING:
    from aerodrome.targets.host_commands import Done, LookedAt


def done(found: Done) -> None:
    """Print how the command ended on each host."""
    table = Table("host", "queues", "result", "changed", "why", box=None, pad_edge=False, header_style="bold")
    for row in found.rows:
        table.add_row(row.name, row.queues, row.result, str(row.changed), _cell(row.why))
    show.table(table)
    _notes(found.notes)


def looked(found: LookedAt) -> None:
    """Print how each host is, what runs there and what is to be said about it."""
    table = Table("host", "state", "tasks", "", box=None, pad_edge=False, header_style="bold")
    for row in found.rows:
        table.add_row(row.name, row.state, str(row.running), _cell(row.note))
    show.table(table)
    _notes(found.notes)


def document(environment: str, found: LookedAt) -> dict[str, Any]:
    """Return what `check-hosts --json` prints."""
    return {
        "environment": environment,
        "hosts": [asdict(row) for row in found.rows],
        "problems": [asdict(problem) for problem in found.problems],
        "notes": list(found.notes),
    }


def _notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        show.line(f"note: {note}")


def _cell(text: str) -> str:
    return escape(visible(text))
