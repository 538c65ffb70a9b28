"""A plan as a page of Markdown, to be read as the comment of a merge request. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from typing import get_args

from aerodrome.errors import counted
from aerodrome.plan.change import Change, Risk
from aerodrome.plan.document import Plan
from aerodrome.plan.orphan import Orphan
from aerodrome.terminal import visible

LARGEST = 60_000
_LONGEST = 400
_RISKS: tuple[Risk, ...] = get_args(Risk)
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")
# What would call somebody, or become a link: an invisible sign in it takes that away.
_CALLS = re.compile(r"@|://|\bwww\b")
_BREAK = "\u2060"


def page(plan: Plan, notes: Sequence[str] = ()) -> str:
    """Return *plan* as Markdown: what is changed by target and risk, *notes*, orphans, then each change.

    It has at most LARGEST characters: what does not fit is counted.
    """
    told = _listed([f"- {cell(note)}" for note in notes], LARGEST // 4)
    head = "\n".join((*_summary(plan), *told, "", *_orphans(plan.orphans)))
    if not plan.changes:
        return head
    table = "| target | action | what | why | risk | can be undone |\n|---|---|---|---|---|---|"
    rows = [_row(change) for change in plan.changes]
    return "\n".join((head, table, *_listed(rows, LARGEST - len(head) - len(table) - 100), ""))


def why(change: Change) -> str:
    """Return why *change* is made, with the file that asks for it."""
    file = change.source.partition(":")[0]
    if not file or change.why == file:
        return change.source or change.why
    return f"{change.why} ({change.source})"


def cell(text: str) -> str:
    """Return *text* of whoever wrote it so that Markdown shows it in one line and obeys nothing in it."""
    shown = visible(" ".join(text.split()))
    short = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    return _CALLS.sub(lambda found: f"{found[0][0]}{_BREAK}{found[0][1:]}", _ACTIVE.sub(r"\\\1", short))


def _summary(plan: Plan) -> Iterator[str]:
    number = counted(len(plan.changes), "change") if plan.changes else "nothing to change"
    yield f"# Plan for {cell(plan.environment)}: {number}"
    yield f"\n`{plan.digest}`" + (f" at commit {cell(plan.commit)}" if plan.commit else "")
    if plan.destroys:
        names = ", ".join(map(cell, plan.destroys))
        yield f"\n**Something is lost for good, or everything of a tenant goes: {names}.** Who applies this names them."
    if plan.staying:
        names = ", ".join(map(cell, plan.staying))
        yield f"\n**Stays as it was deployed: {names}.** Why is told below; everything else is deployed."
    if plan.changes:
        yield f"\n| target | {' | '.join(_RISKS)} | cannot be undone |\n|---|{'---|' * (len(_RISKS) + 1)}"
        yield from _targets(plan.changes)
    yield ""


def _targets(changes: Iterable[Change]) -> Iterator[str]:
    numbers = Counter((change.target, change.risk) for change in changes)
    for_good = Counter(change.target for change in changes if not change.reversible)
    for target in dict.fromkeys(change.target for change in changes):
        cells = [str(numbers[target, risk] or "") for risk in _RISKS]
        yield f"| {cell(target)} | {' | '.join(cells)} | {for_good[target] or ''} |"


def _orphans(found: Sequence[Orphan]) -> Iterator[str]:
    if not found:
        return
    yield f"## Orphans: {len(found)}\n"
    yield "No folder in tenants/ and no line of the inventory has them any more. They stay until somebody asks.\n"
    yield "| of | kind | name | kept in | since | to remove |\n|---|---|---|---|---|---|"
    rows = [f"| {' | '.join(map(cell, astuple(orphan)))} |" for orphan in sorted(found)]
    yield from (*_listed(rows, LARGEST // 4), "")


def _row(change: Change) -> str:
    cells = (change.target, change.action, change.what, why(change), change.risk)
    return f"| {' | '.join(map(cell, cells))} | {'yes' if change.reversible else '**no**'} |"


def _listed(lines: Sequence[str], room: int) -> list[str]:
    """Return those first of *lines* that *room* characters hold, and how many more there are."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return [*kept, f"\n… and {len(lines) - len(kept)} more"]
        kept.append(line)
    return kept
