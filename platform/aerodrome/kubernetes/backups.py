"""Backups of the metadata database that deploys have made: where each is, kept in the cluster beside the release."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from aerodrome.clients.cluster import MERGE_PATCH, Cluster
from aerodrome.errors import AerodromeError

NAME = "aerodrome-backups"
MOST = 50
"""So many are known, the newest; what they are of is removed by nobody here."""
_KEY = "backups.json"
_LABELS = {"app.kubernetes.io/managed-by": "aerodrome"}
_LISTED = 3


@dataclass(frozen=True)
class Kept:
    """A backup that is whole: its *place*, and the *migration* before which it was made."""

    place: str
    migration: str
    commit: str
    """Of the deploy that made it, which wanted the migration."""
    who: str
    when: str
    """By the cluster's clock: 2026-01-31T08:00:00+00:00."""

    def __str__(self) -> str:
        """Return where it is, and of what."""
        return f"{self.place}, of {self.when}, before {self.migration}"


@dataclass(frozen=True)
class Backups:
    """Those of one environment; who writes has its lease."""

    cluster: Cluster
    namespace: str

    def all(self) -> tuple[Kept, ...]:
        """Return all that are known, oldest first."""
        found = self.cluster.find(f"{self._place}/{NAME}")
        if found is None:
            return ()
        try:
            return tuple(Kept(**row) for row in json.loads((found.get("data") or {})[_KEY]))
        except (KeyError, TypeError, ValueError):
            remedy = f"look what it is; without it the next deploy begins a new one: ConfigMap {NAME}"
            raise AerodromeError(f"ConfigMap {NAME} is no list of backups", remedy) from None

    def since(self, when: str) -> tuple[Kept, ...]:
        """Return those of this time and later."""
        return tuple(one for one in self.all() if one.when >= when)

    def add(self, kept: Kept) -> None:
        """Note where a backup is."""
        before = self.all()
        text = json.dumps([asdict(one) for one in (*before, kept)[-MOST:]], indent=1)
        body: dict[str, Any] = {"data": {_KEY: text}}
        if self.cluster.find(f"{self._place}/{NAME}") is not None:
            self.cluster.request("PATCH", f"{self._place}/{NAME}", body=body, headers=MERGE_PATCH)
        else:
            body["metadata"] = {"name": NAME, "labels": _LABELS}
            self.cluster.request("POST", self._place, body=body)

    @property
    def _place(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps"


def told(backups: Iterable[Kept]) -> str:
    """Return a line for each of the first few *backups*, and one where there are none."""
    found = tuple(backups)
    lines = [f"backup: {one}" for one in found[:_LISTED]]
    more = [f"… and {len(found) - _LISTED} later ones"] if len(found) > _LISTED else []
    return "\n".join([*lines, *more]) or "no backup of before is on record"
