"""Snapshots of an instance of RDS (moto, in this process)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from aerodrome.backup_settings import RdsSettings
from aerodrome.clients.rds import Instance
from aerodrome.errors import AerodromeError, UserError
from aerodrome.targets.database_backup import Snapshot
from aerodrome.targets.database_version import DatabaseVersion
from moto import mock_aws

REGION, ONE = "eu-central-1", DatabaseVersion("3.3.1", "3.10.2")
WHEN = datetime(2026, 1, 31, 8, 0, 5, tzinfo=UTC)
NAME = "airflow-prod-aerodrome-20260131-080005"


@pytest.fixture
def rds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An AWS with one instance."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with mock_aws():
        found = boto3.client("rds", region_name=REGION)
        found.create_db_instance(
            DBInstanceIdentifier="airflow-prod", DBInstanceClass="db.t3.small", Engine="postgres"
        )
        yield found


def snapshot(name: str = "airflow-prod") -> Snapshot:
    """Return the backup of an instance."""
    return Snapshot(RdsSettings(instance=name, region=REGION), look=0)


def test_a_snapshot_is_made_and_waited_for(rds: Any) -> None:
    """Its name holds the instance and the time; it is marked as a deploy's."""
    said: list[str] = []
    snapshot().require()
    place = snapshot().take(WHEN, ONE, lambda: None, said.append)
    assert place == f"RDS snapshot {NAME} in {REGION}"
    (found,) = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert (found["DBSnapshotIdentifier"], found["Status"]) == (NAME, "available")
    assert {"Key": "managed-by", "Value": "aerodrome"} in found["TagList"]
    assert any(f"snapshot {NAME} available" in line for line in said)


def test_an_instance_that_is_not_there_is_told_by_the_plan(rds: Any) -> None:
    """With the key that names it."""
    with pytest.raises(UserError, match=f"AWS knows no RDS instance airflow-dev in {REGION}") as raised:
        snapshot("airflow-dev").require()
    assert raised.value.remedy == "backup.rds of environment.yaml names it"


def test_what_aws_refuses_is_told(rds: Any) -> None:
    """A second snapshot of one name is none."""
    snapshot().take(WHEN, ONE, lambda: None, lambda _: None)
    with pytest.raises(AerodromeError, match="AWS refuses CreateDBSnapshot: DBSnapshotAlreadyExists"):
        snapshot().take(WHEN, ONE, lambda: None, lambda _: None)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("failed", f"the snapshot {NAME} is failed\n"),
        ("creating", f"the snapshot {NAME} is creating after 0 s\n"),
    ],
)
def test_a_snapshot_that_does_not_become_one_is_told(rds: Any, status: str, said: str) -> None:
    """At once where it failed, and after the time that it may take."""
    from moto.rds.models import rds_backends

    def guard() -> None:
        for one in rds_backends["123456789012"][REGION].database_snapshots.values():
            one.status = status

    with pytest.raises(AerodromeError, match=said):
        Instance("airflow-prod", REGION).snapshot(NAME, guard, lambda _: None, seconds=0, look=0)


def test_who_has_lost_the_lock_asks_for_no_snapshot(rds: Any) -> None:
    """The guard comes first."""

    def lost() -> None:
        raise AerodromeError("lost")

    with pytest.raises(AerodromeError, match="lost"):
        snapshot().take(WHEN, ONE, lost, lambda _: None)
    assert rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"] == []
