"""Snapshots of an instance of AWS RDS (boto3)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aerodrome.clients.aws import client, told
from aerodrome.errors import AerodromeError, UserError
from aerodrome.progress import Progress

_MADE_BY = [{"Key": "managed-by", "Value": "aerodrome"}]
_GOOD, _WORKING = "available", frozenset({"creating", "available"})

Guard = Callable[[], None]


@dataclass(frozen=True)
class Instance:
    """The RDS instance *name* in *region*, asked as *session*, or as who runs this program."""

    name: str
    region: str
    session: Any = field(default=None, repr=False, compare=False)

    def require(self) -> None:
        """Raise UserError where AWS knows no such instance."""
        with told("DBInstanceNotFound"):
            self._rds.describe_db_instances(DBInstanceIdentifier=self.name)
            return
        raise UserError(
            f"AWS knows no RDS instance {self.name} in {self.region}",
            "backup.rds of environment.yaml names it",
        )

    def snapshot(
        self, name: str, guard: Guard, progress: Progress, seconds: float, look: float = 10
    ) -> dict[str, Any]:
        """Return the snapshot *name* when it is available; AerodromeError says why it is not, after *seconds* at most.

        *guard* is called before each question, every *look* seconds.
        """
        guard()
        with told():
            self._rds.create_db_snapshot(
                DBSnapshotIdentifier=name, DBInstanceIdentifier=self.name, Tags=_MADE_BY
            )
        end, before = time.monotonic() + seconds, ""
        while True:
            guard()
            found = self._found(name)
            before = _tell(found, before, progress)
            if found["Status"] == _GOOD:
                return dict(found)
            self._require_progress(found, late=time.monotonic() > end, seconds=seconds)
            time.sleep(look)

    def _found(self, name: str) -> Mapping[str, Any]:
        with told("DBSnapshotNotFound"):
            found = self._rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
            return dict(found[0])
        raise AerodromeError(f"the snapshot {name} is gone", "look who removed it, and deploy again")

    def _require_progress(self, found: Mapping[str, Any], *, late: bool, seconds: float) -> None:
        said = f"the snapshot {found['DBSnapshotIdentifier']} is {found['Status']}"
        if found["Status"] not in _WORKING:
            raise AerodromeError(said, f"the events of {self.name} in RDS tell why")
        if late:
            remedy = "wait for it, or give it more time: backup.rds.longest of environment.yaml"
            raise AerodromeError(f"{said} after {seconds:.0f} s", remedy)

    @property
    def _rds(self) -> Any:
        return client("rds", self.region, None, self.session)


def _tell(found: Mapping[str, Any], before: str, progress: Progress) -> str:
    """Return how far the snapshot is, which is told where it is another thing than *before*."""
    text = f"snapshot {found['DBSnapshotIdentifier']} {found['Status']}, {found.get('PercentProgress', 0)} %"
    if text != before:
        progress(text)
    return text
