"""One run: ask the directory, compare with what Airflow holds, and change that, unless it would be too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aerodrome_airflow.directory.client import Directory
from aerodrome_airflow.directory.settings import LoginSettings
from aerodrome_airflow.roles import table
from aerodrome_airflow.roles.brake import Brake, brake
from aerodrome_airflow.roles.memberships import Diff, Wanted, diff, why_granted, why_removed

Row = dict[str, str]


@dataclass(frozen=True)
class Options:
    """How a run goes: change nothing, change also what the brake would hold back, wait so long for another run."""

    dry_run: bool = False
    force: bool = False
    wait_seconds: float = 0


@dataclass(frozen=True)
class Outcome:
    """What a run found; *brake* says why it changed nothing, *applied* whether it changed what it found."""

    wanted: Wanted
    found: Diff
    brake: Brake | None
    applied: bool

    def document(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return {
            "applied": self.applied,
            "brake": str(self.brake) if self.brake else None,
            "changes": list(self.changes()),
            "notes": list(self.notes()),
        }

    def changes(self) -> Iterator[Row]:
        """Yield each change: who, what, and which group is the reason."""
        for person in self.found.new:
            yield _row("create", person.name, "", "first role")
        for name in sorted(self.found.adopted):
            yield _row("adopt", name, "", "made by hand, and the directory knows a person of this name")
        for name in sorted(self.found.activated):
            yield _row("activate", name, "", "has a role again")
        for one in sorted(self.found.granted):
            yield _row("grant", *one, why_granted(self.wanted, one))
        for one in sorted(self.found.removed):
            yield _row("remove", *one, why_removed(self.wanted, one))
        for name in sorted(self.found.deactivated):
            yield _row("deactivate", name, "", "has no role any more")

    def notes(self) -> Iterator[str]:
        """Yield what stays although somebody may expect otherwise."""
        for name in self.found.left_alone:
            yield f"{name} was made by hand and is in none of the groups: left alone"
        for name in self.found.blocked:
            yield f"{name} was deactivated in Airflow by hand and stays so, whatever the groups"
        for role in self.found.missing:
            yield f"the role {role} does not exist yet: the next deploy makes it"


@dataclass(frozen=True)
class Follower:
    """Whom to ask, and where to write."""

    settings: LoginSettings
    directory: Directory
    database: str

    def run(self, options: Options | None = None) -> Outcome:
        """Return what a run found and did.

        DirectoryUnavailable and psycopg.Error: nothing was changed; BusyError: another run is at work.
        """
        how = options or Options()
        # Under the lock from the question to the answer's end: what is older never overwrites what is newer.
        with table.opened(self.database) as database, table.alone(database, how.wait_seconds):
            wanted = self._wanted()
            with database.transaction():
                live = table.read(database)
                found = diff(wanted, live)
                held_back = brake(found, self.settings.removal_brake)
                apply = not how.dry_run and (how.force or held_back is None)
                if apply:
                    table.write(database, found, live)
        return Outcome(wanted, found, held_back, apply)

    def _wanted(self) -> Wanted:
        groups = self.settings.roles_of_group
        protected = self.settings.protected | frozenset(filter(None, [self.settings.break_glass]))
        return Wanted(self.directory.people(list(groups)), groups, protected)


def _row(action: str, user: str, role: str, why: str) -> Row:
    return {"action": action, "user": user, "role": role, "why": why}
