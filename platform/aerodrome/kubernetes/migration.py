"""A deploy that migrates the metadata database: backed up before anything is changed, and stopped where it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aerodrome.clients.aws_session import session
from aerodrome.clients.cluster_failures import UnreachableError
from aerodrome.clients.cluster_lease import LostError, me
from aerodrome.errors import AerodromeError, UserError
from aerodrome.kubernetes.backups import Backups, Kept
from aerodrome.kubernetes.connection import CHART, Connection
from aerodrome.kubernetes.ending import Ending
from aerodrome.plan import Change, Plan, Target
from aerodrome.progress import Progress, Step
from aerodrome.targets.database_backup import Backup, Dump, Snapshot
from aerodrome.targets.database_version import Migration
from aerodrome.targets.part import Part
from aerodrome.targets.release import RESTORE, Guard, ReleaseTarget

STEP = "backup"
_AGAIN = "mend it and deploy again"
_CANARY = "smoke test"


@dataclass
class Turn:
    """One target of a deploy, which begins its work only where *guard* lets it.

    *asked*: it had something to do when it was looked at last.
    """

    target: Target
    guard: Guard
    asked: bool
    begun: bool = False
    done: bool = False

    def __str__(self) -> str:
        """Return its name in what people are told: rights have two turns."""
        removals = getattr(self.target, "part", None) is Part.REMOVALS
        return f"removals of {self.name}" if removals else self.name

    @property
    def name(self) -> str:
        """Return the target's name."""
        return self.target.name

    def changes(self) -> tuple[Change, ...]:
        """Return what differs now."""
        found = self.target.changes()
        self.asked = bool(found)
        return found

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Have the target do its work; what *guard* raises where this deploy may not go on."""
        # The one before may have taken longer than the lock holds without the cluster.
        self.guard()
        self.begun = True
        self.target.apply(changes, progress)
        self.done = True


@dataclass(frozen=True)
class Trail:
    """How far a deploy came: its turns, in order."""

    turns: tuple[Turn, ...]

    def __str__(self) -> str:
        """Return what was done, and what was not."""
        done = ", ".join(str(turn) for turn in self.turns if turn.done)
        left = (str(turn) for turn in self.turns if turn.asked and not turn.done)
        return f"done: {done or 'nothing'}; not done: {', '.join((*left, _CANARY))}"

    def told(self, problem: AerodromeError) -> AerodromeError:
        """Return *problem* with what was done, and what was not."""
        return _with(problem, str(self), problem.remedy or _AGAIN)

    def has_begun(self, name: str) -> bool:
        """Return whether the target *name* has begun its work."""
        return any(turn.begun for turn in self.turns if turn.name == name)


def trail_of(found: Sequence[Target], plan: Plan, guard: Guard) -> Trail:
    """Return the trail of a deploy that is to do with *found* what *plan* says, and has not begun."""

    def asked(target: Target) -> bool:
        part = getattr(target, "part", Part.ALL)
        return any(change.target == target.name and part.has(change) for change in plan.changes)

    return Trail(tuple(Turn(target, guard, asked(target)) for target in found))


@dataclass(frozen=True)
class Migrating:
    """A deploy that brings about *migration*, with a backup that is *kept*."""

    migration: Migration
    kept: Kept

    def told(self, problem: AerodromeError) -> AerodromeError:
        """Return *problem* with where the backup is; of the others nobody may be able to tell."""
        return _with(problem, f"backup: {self.kept}", problem.remedy)

    def stop(self, problem: AerodromeError, ending: Ending, trail: Trail) -> AerodromeError:
        """Return *problem* with what was done and what not, where the backup is, and what to do; the release stays.

        Who may read what is as before where the deploy had not come to the release.
        """
        if not trail.has_begun(ending.release.name):
            rights = ending.give_rights_back()
            said = f"{trail}; release and database are as they were{rights and f'; {rights}'}\nbackup: {self.kept}"
            return _with(problem, said, problem.remedy or _AGAIN)
        said = f"{self.migration}: the database is migrated, or may be, so nothing goes back by itself"
        return _with(problem, f"{said}\n{trail}\n{self._backups(ending)}", f"{_AGAIN}, or {RESTORE}")

    def _backups(self, ending: Ending) -> str:
        """Return where all are that were made since the last deploy that worked: the first is of before all of this."""
        try:
            entries = ending.record.entries()
            return ending.backups_since(entries[-1] if entries else None)
        except AerodromeError:
            return f"backup: {self.kept}"


def require_backup(connection: Connection, release: ReleaseTarget) -> None:
    """Do nothing where *release*, as looked at, migrates nothing, or a backup can be made; UserError elsewhere."""
    if release.migration is None:
        return
    backup = _backup(connection, release)
    if backup is None:
        file = f"environments/{connection.environment.name}/environment.yaml"
        raise UserError(
            f"{file}: backup: is missing, and this deploy migrates the metadata database: {release.migration}",
            "say how it is kept before that: backup: {kind: dump, dump: {image: …}} or {kind: rds, rds: {…}}; "
            "docs/how-to/deploy.md tells more",
        )
    backup.require()


def backed_up(connection: Connection, release: ReleaseTarget, commit: str, step: Step) -> Migrating | None:
    """Return the deploy of *release*, as it was looked at, once the database is backed up; None where it migrates none.

    AerodromeError, and nothing changed, where there is no backup of the database as it is now.
    """
    migration = release.migration
    if migration is None:
        return None
    backup = _backup(connection, release)
    assert backup is not None
    now = connection.cluster.now()
    step(STEP, f"before {migration}")
    try:
        place = backup.take(now, migration.before[0], release.guard, partial(step, STEP))
    except (LostError, UnreachableError):
        raise
    except AerodromeError as problem:
        said = "the database was not backed up, so nothing was changed"
        raise _with(problem, said, problem.remedy or _AGAIN) from None
    kept = Kept(place, str(migration), commit, me(), now.isoformat(timespec="seconds"))
    release.guard()
    Backups(connection.cluster, connection.environment.cluster.namespace).add(kept)
    step(STEP, place)
    return Migrating(migration, kept)


def _backup(connection: Connection, release: ReleaseTarget) -> Backup | None:
    """Return how the environment keeps its database; None where it does not say."""
    wanted, environment = connection.environment.backup, connection.environment
    if wanted is None:
        return None
    if wanted.rds is not None:
        return Snapshot(wanted.rds, session(environment.cluster.eks))
    assert wanted.dump is not None
    values: Mapping[str, Any] = release.settings.stamped()
    return Dump(wanted.dump, connection.cluster, release.helm, connection.root / CHART, values)


def _with(problem: AerodromeError, more: str, remedy: str) -> AerodromeError:
    made = AerodromeError(f"{problem.args[0]}\n{more}", remedy)
    made.exit_code = problem.exit_code
    return made
