"""Holds back a run that would take away much at once: rather a directory gone wrong than so many people gone."""

from __future__ import annotations

from dataclasses import dataclass

from aerodrome_airflow.roles.memberships import Diff

FEW = 3
"""So many people may always lose roles."""


@dataclass(frozen=True)
class Brake:
    """Why a run changes nothing: *removed* of *held* memberships, of so many *people*, are more than *share*."""

    removed: int
    held: int
    people: int
    share: float

    def __str__(self) -> str:
        return (
            f"{self.removed} of {self.held} memberships of {self.people} people would be taken away, "
            f"more than {self.share:.0%} at once"
        )


def brake(found: Diff, share: float) -> Brake | None:
    """Return why *found* is too much, or None where it may be applied."""
    removed, people = len(found.removed), len({name for name, _ in found.removed})
    if people <= FEW or removed <= share * found.held:
        return None
    return Brake(removed, found.held, people, share)
