"""What there is beside what this work tree declares, and whether that can be somebody's hand. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from aerodrome.plan.planned import Planned

UNKNOWN, CHANGED = "unknown", "-changed"
"""The commit of a folder that is no clone, and how that of a work tree with other files than its commit's ends."""


@dataclass(frozen=True)
class LastDeploy:
    """A deploy on record: what the repository stood on, when it ended, who made it, its number (0: it has none)."""

    commit: str
    when: str
    who: str = ""
    number: int = 0

    def __str__(self) -> str:
        number = f"deploy {self.number}, " if self.number else ""
        return f"{self.commit} ({number}{self.when}{f', {self.who}' if self.who else ''})"


@dataclass(frozen=True)
class Drift:
    """All that a deploy of this work tree would change, and what was *deployed* last; None: nothing is on record."""

    planned: Planned
    deployed: LastDeploy | None

    @property
    def differs(self) -> bool:
        """Return whether live and declared state are two."""
        return bool(self.planned.plan.changes)

    @property
    def by_hand(self) -> bool | None:
        """Return whether what differs was changed beside the deploys; None where nobody can tell."""
        here = self.planned.plan.commit
        if not self.differs:
            return False
        known = self.deployed is not None and self.deployed.commit == here and here != UNKNOWN
        return True if known and not here.endswith(CHANGED) else None

    @property
    def verdict(self) -> str:
        """Return in a sentence where a difference may come from; empty where there is none."""
        if not self.differs:
            return ""
        if self.by_hand:
            return "this commit was deployed last: what differs was changed beside the deploys"
        if self.deployed is None:
            return "no deploy is on record: what differs may not be deployed yet"
        if self.planned.plan.commit == UNKNOWN:
            return "this folder is no clone with a commit: nobody can tell where what differs comes from"
        if self.deployed.commit == self.planned.plan.commit:
            return "files here are in no commit, as they were then: what differs may be these, or somebody's hand"
        first = self.deployed.commit.removesuffix(CHANGED)
        return f"another commit was deployed last: a clean work tree of {first} shows what is somebody's hand"
