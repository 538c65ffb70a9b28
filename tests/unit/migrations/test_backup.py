"""What is done to the cluster to keep the database, and what is said where that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aerodrome.clients.cluster_job import JobRun
from aerodrome.clients.cluster_lease import LostError
from aerodrome.clients.cluster_rollout import Patience, RolloutError
from aerodrome.errors import AerodromeError, UserError
from aerodrome.kubernetes.backups import Backups, told
from aerodrome.kubernetes.migration import backed_up, require_backup
from aerodrome.targets.database_version import DatabaseVersion

ONE, TWO = DatabaseVersion("3.3.1", "3.10.2"), DatabaseVersion("3.3.2", "3.10.2")
KEPT = {"file": "before.dump", "bytes": 3 * 2**20, "sha256": "5" * 64}
PLACE = (
    f"file before.dump (3.0 MiB, SHA-256 {'5' * 64}) in the volume claim airflow-backups of namespace airflow"
)
JOB = "apis/batch/v1/namespaces/airflow/jobs"


@pytest.fixture
def migrating(platform: Any) -> Any:
    """A release that a deploy would migrate, as it was looked at."""
    platform.deploy(ONE)
    platform.store.asked.clear()
    platform.store.log = json.dumps(KEPT) + "\n"
    release = platform.release(TWO)
    release.changes()
    return release


def back_up(platform: Any, release: Any) -> Any:
    """Keep the database, as a deploy does."""
    return backed_up(
        platform.connection(), release, "c0ffee", lambda *said: platform.said.append(" ".join(said))
    )


def test_the_job_runs_with_what_it_needs_and_that_goes_afterwards(platform: Any, migrating: Any) -> None:
    """The volume claim and the Job, whose log may be looked at, stay; Helm knows of none of them."""
    back_up(platform, migrating)
    asked = [line.replace("/namespaces/airflow", "") for line in platform.store.asked]
    beside = ["/apis/networking.k8s.io/v1/networkpolicies", "/api/v1/serviceaccounts"]
    mine = [f"{place}/airflow-database-backup" for place in beside]
    assert asked == [
        "POST /api/v1/persistentvolumeclaims",
        "DELETE /apis/batch/v1/jobs/airflow-database-backup",
        *(f"PATCH {place}" for place in mine),
        "POST /apis/batch/v1/jobs",
        *(f"DELETE {place}" for place in mine),
        "POST /api/v1/configmaps",
    ]
    job = platform.store.objects[f"/{JOB}/airflow-database-backup"]
    assert "annotations" not in job["metadata"] and platform.worked == ["upgrade"]


def test_where_it_is_stands_in_the_cluster(platform: Any, migrating: Any) -> None:
    """And is told; the file is named after the time and the version that is in it."""
    made = back_up(platform, migrating)
    (kept,) = Backups(migrating.cluster, "airflow").all()
    assert kept == made.kept and (kept.place, kept.commit) == (PLACE, "c0ffee")
    assert platform.said[-1] == f"backup {PLACE}"
    assert told([kept]) == f"backup: {PLACE}, of {kept.when}, before Airflow 3.3.1 → 3.3.2"
    job = platform.store.objects[f"/{JOB}/airflow-database-backup"]
    (name,) = [one["value"] for one in job["spec"]["template"]["spec"]["initContainers"][1]["env"]][:1]
    assert name.endswith("Z-airflow-3.3.1.dump")


def test_a_claim_that_is_there_stays_as_it_is(platform: Any, migrating: Any) -> None:
    """Somebody may have made it larger, or of another class; a second backup is noted beside the first."""
    back_up(platform, migrating)
    platform.store.asked.clear()
    back_up(platform, migrating)
    assert not any("persistentvolumeclaims" in line for line in platform.store.asked)
    assert len(Backups(migrating.cluster, "airflow").all()) == 2


def test_a_dump_that_fails_is_told_with_its_last_lines(platform: Any, migrating: Any) -> None:
    """Nothing is noted and nothing else begun."""
    platform.store.fails, platform.store.log = "dump", "pg_dump: error: server version mismatch"
    with pytest.raises(AerodromeError) as raised:
        back_up(platform, migrating)
    said = str(raised.value.args[0])
    assert "container dump: Error, exit code 1" in said and "server version mismatch" in said
    assert said.splitlines()[-1] == "the database was not backed up, so nothing was changed"
    assert Backups(migrating.cluster, "airflow").all() == ()


def test_a_job_that_cannot_begin_is_removed(platform: Any, migrating: Any) -> None:
    """It would else do so when nobody waits for it any more; one that has failed may be looked at."""
    platform.store.fails, platform.store.stuck = "dump", True
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "dump"}}
    run = JobRun(migrating.cluster, "airflow", [body], lambda: None, print, 60, patience=Patience(stuck=0))
    with pytest.raises(RolloutError, match="container dump: ErrImagePull: no such image"):
        run.run()
    assert f"/{JOB}/dump" not in platform.store.objects
    platform.store.stuck = False
    with pytest.raises(RolloutError, match="container dump: Error, exit code 1"):
        run.run()
    assert f"/{JOB}/dump" in platform.store.objects


def test_a_job_that_says_nothing_counts_as_none(platform: Any, migrating: Any) -> None:
    """What is not known to be whole is no backup."""
    platform.store.log = "Killed"
    with pytest.raises(AerodromeError, match="did not say what it has written"):
        back_up(platform, migrating)


def test_who_has_lost_the_lock_begins_no_dump(platform: Any, migrating: Any) -> None:
    """Somebody else may be making theirs."""

    def lost() -> None:
        raise LostError("the lock was taken by ada")

    migrating.guard = lost
    with pytest.raises(LostError):
        back_up(platform, migrating)
    assert platform.store.asked == []


def test_nothing_is_kept_where_nothing_is_migrated(platform: Any) -> None:
    """Nor need the environment say how."""
    platform.deploy(TWO)
    platform.store.asked.clear()
    release = platform.release(TWO)
    release.changes()
    require_backup(platform.connection(""), release)
    assert back_up(platform, release) is None and platform.store.asked == []


def test_a_plan_with_a_migration_needs_a_backup(platform: Any, migrating: Any) -> None:
    """The error names file and key, both versions, and what to write."""
    with pytest.raises(UserError) as raised:
        require_backup(platform.connection(""), migrating)
    assert raised.value.args[0] == (
        "environments/prod/environment.yaml: backup: is missing, and this deploy migrates the metadata database: "
        "Airflow 3.3.1 → 3.3.2"
    )
    assert "backup: {kind: dump, dump: {image: …}}" in raised.value.remedy
    require_backup(platform.connection(), migrating)


def test_what_the_chart_refuses_is_said_by_the_plan(platform: Any) -> None:
    """Before anything is changed."""
    platform.deploy(ONE)
    release = platform.release(TWO, postgresql={"enabled": False})
    release.changes()
    with pytest.raises(AerodromeError, match=r"platform\.database\.to: is empty"):
        require_backup(platform.connection(), release)


@pytest.fixture
def unreadable(platform: Any, migrating: Any) -> Iterator[Backups]:
    """A ConfigMap that is no list of backups."""
    path = "/api/v1/namespaces/airflow/configmaps/aerodrome-backups"
    platform.store.objects[path] = {"data": {"backups.json": "{"}}
    return Backups(migrating.cluster, "airflow")


def test_a_list_that_somebody_edited_is_told(unreadable: Backups) -> None:
    """It is not written over."""
    with pytest.raises(AerodromeError, match="ConfigMap aerodrome-backups is no list of backups"):
        unreadable.all()
