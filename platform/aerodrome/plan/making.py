"""Making a plan, and bringing about what one says: nothing else where somebody has approved it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from aerodrome.errors import AerodromeError
from aerodrome.plan.change import OBSERVE, Change, Target
from aerodrome.plan.comparison import require_planned
from aerodrome.plan.document import Plan
from aerodrome.progress import Step


def make_plan(
    environment: str, targets: Sequence[Target], commit: str = "", desired: Mapping[str, str] | None = None
) -> Plan:
    """Return what each target would change now; see :class:`Plan` for *commit* and *desired*."""
    changes = tuple(change for target in targets for change in target.changes())
    return Plan(environment, changes, commit, desired or {})


def apply_targets(
    environment: str,
    targets: Sequence[Target],
    progress: Step,
    planned: Plan | None = None,
    confirmed: Collection[str] = (),
) -> Plan:
    """Bring each target to its desired state in order and return all that was changed.

    A target is looked at again just before its turn: what an earlier one started (a database, a secrets store)
    may only now be observable. With *planned* nothing is done that it does not say: AerodromeError before the first
    target that would do more. What it could not observe may be anything, as far as nothing is destroyed by it whose
    name is not *confirmed*.
    """
    done: list[Change] = []
    for target in targets:
        changes = target.changes()
        if planned is not None:
            _require(planned, target, changes, confirmed, done)
        if changes:
            target.apply(changes, partial(progress, target.name))
            done.extend(change for change in changes if change.action != OBSERVE)
    return Plan(environment, tuple(done))


def _require(
    planned: Plan,
    target: Target,
    changes: Sequence[Change],
    confirmed: Collection[str],
    done: Sequence[Change],
) -> None:
    try:
        require_planned(planned, target.name, changes, confirmed)
    except AerodromeError as refused:
        names = ", ".join(dict.fromkeys(change.target for change in done))
        so_far = f"done before: {names}" if names else "nothing was changed"
        raise AerodromeError(f"{refused.args[0]}\n    {so_far}", refused.remedy) from None
