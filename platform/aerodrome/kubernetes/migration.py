"""A deploy that migrates the metadata database: backed up before anything is changed, and stopped where it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aerodrome.clients.aws_session import session
from aerodrome.clients.cluster_failures import UnreachableError
from aerodrome.clients.cluster_lease import LostError, me
from aerodrome.errors import AerodromeError, UserError
from aerodrome.kubernetes.backups import Backups, Kept
from aerodrome.kubernetes.connection import CHART, Connection
from aerodrome.kubernetes.ending import Ending
from aerodrome.plan import Change, Target
from aerodrome.progress import Progress, Step
from aerodrome.targets.database_backup import Backup, Dump, Snapshot
from aerodrome.targets.database_version import Migration
from aerodrome.targets.release import RESTORE, Guard, ReleaseTarget

STEP = "backup"
_AGAIN = "mend it and deploy again"
_CANARY = "smoke test"


@dataclass
class Trail:
    """How far a deploy came: the targets that it *planned* to change, in order, those *begun*, and those *done*."""

    planned: tuple[str, ...]
    begun: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return what was done, and what was not."""
        left = [name for name in (*dict.fromkeys(self.planned), _CANARY) if name not in self.done]
        return f"done: {', '.join(dict.fromkeys(self.done)) or 'nothing'}; not done: {', '.join(left)}"

    def told(self, problem: AerodromeError) -> AerodromeError:
        """Return *problem* with what was done, and what was not."""
        return _with(problem, str(self), problem.remedy or _AGAIN)

    def follow(self, target: Target, guard: Guard) -> Target:
        """Return *target*, noted here when it has done its work, which it begins only where *guard* lets it."""
        return _Followed(target, self, guard)


@dataclass(frozen=True)
class _Followed:
    target: Target
    trail: Trail
    guard: Guard

    @property
    def name(self) -> str:
        return self.target.name

    def changes(self) -> tuple[Change, ...]:
        return self.target.changes()

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        # The one before may have taken longer than the lock holds without the cluster.
        self.guard()
        self.trail.begun.append(self.name)
        self.target.apply(changes, progress)
        self.trail.done.append(self.name)


@dataclass(frozen=True)
class Migrating:
    """A deploy that brings about *migration*, with a backup that is *kept*."""

    migration: Migration
    kept: Kept

    def stop(self, problem: AerodromeError, ending: Ending, trail: Trail) -> AerodromeError:
        """Return *problem* with what was done and what not, where the backup is, and what to do; the release stays.

        Who may read what is as before where the deploy had not come to the release.
        """
        if ending.release.name not in trail.begun:
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
