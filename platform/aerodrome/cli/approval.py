"""Somebody's word for a plan: that it is applied, and the name of each thing that is lost by it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from aerodrome.errors import UserError, counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aerodrome.plan import Plan


def approved(plan: Plan, *, yes: bool, confirm: str) -> frozenset[str]:
    """Return the names of what may be destroyed, when somebody has approved the whole *plan*; it must have been shown.

    *yes* is that approval, and *confirm* names what is lost by it, with commas. What is missing is asked for on a
    terminal; UserError, and nothing is changed, where there is none or the answer is another.
    """
    names = confirmed(plan, confirm)
    if plan.changes and not yes:
        _ask(f"Apply {counted(len(plan.changes), 'change')} to {plan.environment}?", plan)
    return names


def confirmed(plan: Plan, confirm: str) -> frozenset[str]:
    """Return the names of what may be destroyed, as :func:`approved`: all that *plan* destroys are among them."""
    given = {word for each in confirm.split(",") if (word := each.strip())}
    missing = [name for name in plan.destroys if name not in given]
    if missing and not _terminal():
        remedy = f"look at the plan; if that is meant: CONFIRM={','.join(sorted({*given, *missing}))}"
        raise UserError(
            f"nothing was changed: nobody has confirmed what this plan destroys: {_lost(plan, missing)}",
            remedy,
        )
    for name in missing:
        _typed(plan, name)
    return frozenset({*given, *missing})


def _typed(plan: Plan, name: str) -> None:
    answer = typer.prompt(f"{_lost(plan, [name])}. Type its name", default="", show_default=False)
    if answer.strip() != name:
        raise UserError(
            f"nothing was changed: '{answer}' is not '{name}'", f"type {name}, or leave it as it is"
        )


def _lost(plan: Plan, names: Iterable[str]) -> str:
    found = [change for change in plan.changes if change.destroys in names]
    # What goes with its tenant is told by that alone.
    gone = {change.name for change in found if not change.owner}
    told = [change for change in found if change.owner not in gone]
    return "; ".join(f"{change.action} {change.what}" for change in told)


def _ask(question: str, plan: Plan) -> None:
    if not _terminal():
        by_hash = f"make deploy ENV={plan.environment} PLAN=<hash> after make plan"
        raise UserError(
            f"nothing was changed: nobody is here to be asked. {question}", f"YES=1, or {by_hash}"
        )
    typer.confirm(question, abort=True)


def _terminal() -> bool:
    return sys.stdin.isatty()
