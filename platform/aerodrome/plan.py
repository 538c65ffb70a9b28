"""What a deploy would change, as one reviewable list with one hash. Knows only the Target protocol."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal, Protocol

from aerodrome.progress import Progress, Step

Action = Literal["create", "update", "delete", "restart", "start"]
Risk = Literal["none", "restarts", "data", "access"]


@dataclass(frozen=True, order=True)
class Change:
    """One thing that an apply does: *what* is changed and *why*, never a secret's value.

    *what* and *why* are for people. A target that must know again what it found reads *kind* and *name*.
    """

    target: str
    action: Action
    what: str
    why: str
    risk: Risk = "none"
    reversible: bool = True
    kind: str = ""
    name: str = ""


class Target(Protocol):
    """One kind of thing that a deploy changes."""

    @property
    def name(self) -> str:
        """The word that plans and messages use."""

    def changes(self) -> tuple[Change, ...]:
        """Return what differs between desired and live state; changes nothing."""

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Make the live state the desired one. Safe to repeat after an interruption."""


@dataclass(frozen=True)
class Plan:
    """The changes of every target, in the order they are applied."""

    environment: str
    changes: tuple[Change, ...]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan's canonical JSON."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """Return the plan as JSON with the same bytes for the same plan."""
        return json.dumps(asdict(self), sort_keys=True, indent=1, ensure_ascii=False)

    def of(self, target: str) -> tuple[Change, ...]:
        """Return the changes of one target."""
        return tuple(change for change in self.changes if change.target == target)


def make_plan(environment: str, targets: Sequence[Target]) -> Plan:
    """Return what each target would change now."""
    return Plan(environment, tuple(change for target in targets for change in target.changes()))


def apply_targets(environment: str, targets: Sequence[Target], progress: Step) -> Plan:
    """Bring each target to its desired state in order and return all that was changed.

    A target is looked at again just before its turn: what an earlier one started (a database, a secrets store)
    may only now be observable.
    """
    done: list[Change] = []
    for target in targets:
        changes = target.changes()
        if changes:
            target.apply(changes, partial(progress, target.name))
            done.extend(changes)
    return Plan(environment, tuple(done))
