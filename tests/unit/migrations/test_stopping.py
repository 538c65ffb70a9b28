"""A deploy with a migration that fails stops where it is, and says all that somebody needs who goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aerodrome.clients.cluster_failures import UnreachableError
from aerodrome.clients.cluster_lease import LostError
from aerodrome.clients.git_remote import Remote
from aerodrome.errors import AerodromeError
from aerodrome.kubernetes.backups import Backups, Kept
from aerodrome.kubernetes.deploy import followed
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.kubernetes.ending import Ending
from aerodrome.kubernetes.migration import Migrating, Trail, Turn, trail_of
from aerodrome.kubernetes.record import Entry, Record, State
from aerodrome.plan import Change, apply_targets, make_plan
from aerodrome.targets.database_version import DatabaseVersion, Migration
from aerodrome.targets.part import Part
from aerodrome.targets.release import unguarded
from aerodrome.targets.remote_bundle import PublishedBundle

ONE, TWO = DatabaseVersion("3.3.1", "3.10.2"), DatabaseVersion("3.3.2", "3.10.2")
MIGRATION = Migration((ONE,), TWO)
KEPT = Kept("file before.dump in a claim", str(MIGRATION), "c0ffee", "ada@desk", "2026-11-23T08:00:00+00:00")
TOLD = f"backup: {KEPT.place}, of {KEPT.when}, before {MIGRATION}"


class Named:
    """A target with one change, which fails where it is told to."""

    def __init__(self, name: str, fails: str = "") -> None:
        self.name, self.fails = name, fails

    def changes(self) -> tuple[Change, ...]:
        """One."""
        return (Change(self.name, "update", self.name, "it differs"),)

    def apply(self, changes: object, progress: object) -> None:
        """Fail, or do nothing."""
        if self.fails == self.name:
            raise AerodromeError(f"{self.name} is broken", "mend it")


class Removals(Named):
    """The turn of rights that takes them away."""

    part = Part.REMOVALS

    def changes(self) -> tuple[Change, ...]:
        """One."""
        return (Change(self.name, "delete", self.name, "nobody is to have it"),)


def came_to(fails: str, *more: Named) -> Trail:
    """Return how far a deploy comes whose target *fails*; an empty name: all are done, and the canary fails.

    *more* come after the others.
    """
    found = (*(Named(name, fails) for name in ("secrets", "release", "bundle")), *more)
    trail = trail_of(found, make_plan("prod", found), unguarded)
    try:
        apply_targets("prod", trail.turns, lambda *_: None)
    except AerodromeError as problem:
        assert fails in str(problem)
    return trail


def test_a_deploy_that_has_lost_its_lock_begins_no_other_target() -> None:
    """Another one may work there: its DAGs would be published over, and its rights taken away."""

    def lost() -> None:
        raise LostError("the lock was taken by bob")

    turn = Turn(Named("bundle", fails="bundle"), lost, asked=True)
    with pytest.raises(LostError):
        turn.apply((), lambda _: None)
    assert not turn.begun


def test_rights_that_were_not_taken_away_are_told_beside_those_that_were_given() -> None:
    """They have two turns of one name."""
    told = str(came_to("bundle", Removals("secrets")))
    assert told == "done: secrets, release; not done: bundle, removals of secrets, smoke test"
    told = str(came_to("", Removals("secrets")))
    assert told == "done: secrets, release, bundle, removals of secrets; not done: smoke test"


def test_a_turn_without_anything_to_do_is_not_told() -> None:
    """Neither as done nor as not done."""
    found = (Named("secrets"), Removals("secrets"))
    trail = trail_of(found, make_plan("prod", found[:1]), unguarded)
    assert str(trail) == "done: nothing; not done: secrets, smoke test"


@pytest.fixture
def ending(platform: Any) -> Ending:
    """The end of a deploy of version two, before which version one was seen to work; the database was backed up."""
    platform.deploy(ONE)
    platform.deploy(TWO)
    connection = platform.connection("bundle: {repository: 'git@git.example.org:bundle.git'}\n")
    cluster, release = connection.cluster, platform.release(TWO)
    record = Record(cluster, "airflow")
    record.add(Entry("ada@desk", "c0ffee", State(1, "b")))
    Backups(cluster, "airflow").add(Kept(**{**vars(KEPT), "when": "2999-01-01T00:00:00+00:00"}))
    bundle = PublishedBundle(Remote(platform.root / "bundle.git", "git@git.example.org:bundle.git"))
    restore: Callable[..., None] = lambda _: platform.said.append("rights given back")  # noqa: E731
    desk = ClusterDesk(cluster, connection.environment, "127.0.0.1:1")
    return Ending(release, bundle, desk, record, unguarded, lambda *_: None, (restore,))


@pytest.mark.parametrize(
    ("fails", "trail"),
    [
        ("release", "done: secrets; not done: release, bundle, smoke test"),
        ("bundle", "done: secrets, release; not done: bundle, smoke test"),
        ("", "done: secrets, release, bundle; not done: smoke test"),
    ],
)
def test_once_the_release_was_begun_nothing_goes_back(
    platform: Any, ending: Ending, fails: str, trail: str
) -> None:
    """Not even rights; what was done and what not is told, where the backup is, and both ways on."""
    before = platform.worked
    found = Migrating(MIGRATION, KEPT).stop(AerodromeError("it broke", "look"), ending, came_to(fails))
    assert str(found.args[0]).splitlines() == [
        "it broke",
        "Airflow 3.3.1 → 3.3.2: the database is migrated, or may be, so nothing goes back by itself",
        trail,
        TOLD.replace(KEPT.when, "2999-01-01T00:00:00+00:00"),
    ]
    assert found.remedy.startswith("mend it and deploy again, or restore the backup of before")
    assert platform.worked == before and "rights given back" not in platform.said


def test_before_the_release_was_begun_rights_go_back(platform: Any, ending: Ending) -> None:
    """Release and database were not touched, which is said; the backup is whole all the same."""
    found = Migrating(MIGRATION, KEPT).stop(AerodromeError("it broke", "look"), ending, came_to("secrets"))
    assert str(found.args[0]).splitlines() == [
        "it broke",
        "done: nothing; not done: secrets, release, bundle, smoke test; release and database are as they were",
        TOLD,
    ]
    assert found.remedy == "look" and platform.said[-1] == "rights given back"


@pytest.mark.parametrize("kind", [LostError, UnreachableError])
def test_where_nothing_may_be_done_any_more_the_backup_is_told(
    ending: Ending, kind: type[AerodromeError]
) -> None:
    """Whoever goes on may need it."""
    migrating = Migrating(MIGRATION, KEPT)
    with pytest.raises(AerodromeError) as raised, followed(came_to("release"), ending, migrating):
        raise kind("it broke", "look")
    assert str(raised.value.args[0]).splitlines() == [
        "it broke",
        "done: secrets; not done: release, bundle, smoke test",
        TOLD,
    ]
    assert (raised.value.remedy, raised.value.exit_code) == ("look", kind.exit_code)


def test_rights_that_stay_away_are_told_where_it_stopped(ending: Ending) -> None:
    """Beside what was done and what not."""

    def away(_: object) -> None:
        raise AerodromeError("Vault is away")

    found = Migrating(MIGRATION, KEPT).stop(
        AerodromeError("it broke"), replace(ending, rights=(away,)), came_to("secrets")
    )
    said = "as they were; who may read what could not be brought back: Vault is away"
    assert str(found.args[0]).splitlines()[1].endswith(said)


def test_a_cluster_that_tells_nothing_any_more_hides_no_backup(platform: Any, ending: Ending) -> None:
    """The one of this deploy is known without it."""
    path = "/api/v1/namespaces/airflow/configmaps/aerodrome-backups"
    platform.store.objects[path] = {"data": {"backups.json": "{"}}
    found = Migrating(MIGRATION, KEPT).stop(AerodromeError("it broke"), ending, came_to("bundle"))
    assert str(found.args[0]).splitlines()[-1] == TOLD


def test_a_later_deploy_does_not_go_back_across_the_migration(platform: Any, ending: Ending) -> None:
    """The canary of the one that migrated never ran: what works on record is the version before."""
    platform.have(objects=True)
    with pytest.raises(AerodromeError) as raised:
        ending.take_back(AerodromeError("queue pii: its task failed"))
    lines = str(raised.value.args[0]).splitlines()
    assert lines[1].startswith(
        "nothing goes back by itself: revision 1 is Airflow 3.3.1, and the database was"
    )
    assert lines[2].startswith("backup: file before.dump") and "restore the backup" in raised.value.remedy
    assert "rollback" not in platform.worked and "rights given back" not in platform.said
