"""A release that migrates the database says so, and never goes back by itself."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.clients.cluster_lease import LostError
from aerodrome.targets.database_version import DatabaseVersion
from aerodrome.targets.release import MIGRATION, MigratedError

ONE, TWO = DatabaseVersion("3.3.1", "3.10.2"), DatabaseVersion("3.3.2", "3.10.2")


def migrations(changes: Any) -> list[str]:
    """Return why the release migrates, of each change that says so; it can never be undone, and loses data."""
    found = [one for one in changes if one.kind == MIGRATION]
    assert all((one.risk, one.reversible, one.destroys) == ("data", False, "airflow") for one in found)
    return [one.why for one in found]


def test_a_first_install_migrates_nothing(platform: Any) -> None:
    """There is nothing to lose."""
    assert migrations(platform.plan(ONE)) == []
    platform.deploy(ONE)
    assert platform.plan(ONE) == ()


def test_the_same_version_migrates_nothing(platform: Any) -> None:
    """Whatever else changes; a failure goes back to what worked."""
    platform.deploy(TWO)
    (first,) = platform.helm["revisions"]
    platform.have(revisions=[first, {**first, "revision": 2, "status": "failed"}])
    assert migrations(platform.plan(TWO, labels={"a": "b"})) == []
    assert "rolled back to revision 1, which works" in str(platform.failure(TWO).args[0])
    assert platform.worked == ["upgrade", "rollback"]


def test_a_way_back_that_loses_its_lock_is_told_as_that(platform: Any) -> None:
    """So that nothing else goes back either; what failed before is told with it."""
    platform.deploy(TWO)
    (first,) = platform.helm["revisions"]
    platform.have(revisions=[first, {**first, "revision": 2, "status": "failed"}], trouble="no column")
    release = platform.release(TWO)

    def lost_by_then() -> None:
        if any(line.startswith("failed: ") for line in platform.said):
            raise LostError("the lock was taken by bob")

    release.guard = lost_by_then
    with pytest.raises(LostError, match="no column\ngoing back to revision 1 failed too: the lock was taken"):
        release.apply(release.changes(), platform.said.append)
    assert "rollback" not in platform.worked


def test_another_version_is_a_migration(platform: Any) -> None:
    """Both are named, with what is made before; the next plan of it is empty."""
    platform.deploy(ONE)
    said = "Airflow 3.3.1 → 3.3.2: its database is migrated, after a dump; nothing goes back by itself then"
    assert migrations(platform.plan(TWO)) == [said]
    assert platform.deploy(TWO) == ["upgrade"]
    assert platform.plan(TWO) == ()


def test_a_release_without_a_mark_is_of_an_unknown_version(platform: Any) -> None:
    """Though Airflow's is the same; its next deploy marks it, even where no object differs."""
    platform.deploy(None)
    (why,) = migrations(platform.plan(TWO))
    assert why.startswith("Airflow 3.3.2 → 3.3.2, FAB unknown → 3.10.2: ")
    assert platform.deploy(TWO) == ["upgrade"]
    assert platform.plan(TWO) == ()


def test_a_migration_that_fails_is_not_taken_back(platform: Any) -> None:
    """Helm is not asked for it, and the plan of the next deploy still says what there may be."""
    platform.deploy(ONE)
    assert "the column is missing" in str(platform.failure(TWO).args[0])
    assert platform.worked == ["upgrade"]
    (why,) = migrations(platform.plan(TWO))
    assert why.startswith("Airflow 3.3.1 or 3.3.2 → 3.3.2: ")
    platform.deploy(TWO)
    assert migrations(platform.plan(TWO)) == []


def test_after_a_migration_that_failed_the_old_version_is_one_too(platform: Any) -> None:
    """A reverted commit does not bring the tables of before back."""
    platform.deploy(ONE)
    platform.failure(TWO)
    (why,) = migrations(platform.plan(ONE))
    assert why.startswith("Airflow 3.3.1 or 3.3.2 → 3.3.1: older tables, which only a restored backup has, ")


def test_a_rollback_across_a_migration_is_refused(platform: Any) -> None:
    """Nothing is done, and the remedy says how; within one version it goes on."""
    for version in (ONE, TWO, TWO):
        platform.deploy(version, labels={"of": version.airflow})
    with pytest.raises(
        MigratedError, match=r"revision 1 is Airflow 3\.3\.1, .* 3\.3\.1 → 3\.3\.2"
    ) as refused:
        platform.release(None).rollback(1, platform.said.append)
    assert "restore the backup" in refused.value.remedy and platform.worked == []


def test_a_migration_that_was_killed_goes_on_without_going_back(platform: Any) -> None:
    """Its record is removed, which would let no other begin; the version before never starts again."""
    platform.deploy(ONE)
    (first,) = platform.helm["revisions"]
    mark = {"global": {"aerodrome": {"database": TWO.mark}}}
    killed = {**first, "revision": 2, "status": "pending-upgrade", "values": mark}
    platform.have(revisions=[first, killed])
    whys = [one.why for one in platform.plan(TWO)]
    assert whys[0] == (
        "a deploy was killed and left revision 2 pending-upgrade: gone on from, as it migrates the database"
    )
    assert platform.deploy(TWO) == ["upgrade"]
    assert [(one["revision"], one["status"]) for one in platform.helm["revisions"]] == [
        (1, "superseded"), (2, "deployed"),
    ]  # fmt: skip
