"""What was deployed and seen to work, kept in the cluster beside the release: what a rollback goes back to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from aerodrome.clients.cluster import MERGE_PATCH, Cluster
from aerodrome.errors import AerodromeError
from aerodrome.targets.release import ReleaseTarget
from aerodrome.targets.remote_bundle import PublishedBundle

NAME = "aerodrome-deploys"
MOST = 50
"""So many deploys are kept, the newest."""
_KEY = "deploys.json"
_LABELS = {"app.kubernetes.io/managed-by": "aerodrome"}


@dataclass(frozen=True)
class State:
    """What runs: the *revision* of the release, and the *bundle*'s commit."""

    revision: int
    bundle: str


@dataclass(frozen=True)
class Entry:
    """A deploy that ended well, or a rollback: its canary has run on every queue."""

    who: str
    commit: str
    """What the repository stood on."""
    state: State
    images: Mapping[str, str] = field(default_factory=dict)
    """Image → digest, of those that run."""
    back_to: int = 0
    """The number of the deploy that a rollback went back to."""
    number: int = 0
    when: str = ""
    """Of its end, by the cluster's clock: 2026-01-31T08:00:00+00:00."""
    queues: tuple[str, ...] = ()
    """Those that its canary has tasks for; empty where the deploy was before they were noted."""


@dataclass(frozen=True)
class Record:
    """The entries of one environment; who writes has its lease."""

    cluster: Cluster
    namespace: str

    def entries(self) -> tuple[Entry, ...]:
        """Return all that are kept, oldest first."""
        found = self.cluster.find(f"{self._place}/{NAME}")
        if found is None:
            return ()
        try:
            return tuple(_entry(row) for row in json.loads((found.get("data") or {})[_KEY]))
        except (KeyError, TypeError, ValueError):
            remedy = f"look what it is; without it the next deploy begins a new one: ConfigMap {NAME}"
            raise AerodromeError(f"ConfigMap {NAME} is no list of deploys", remedy) from None

    def works(self, state: State) -> bool:
        """Return whether *state* is what was seen to work last."""
        entries = self.entries()
        return bool(entries) and entries[-1].state == state

    def add(self, deployed: Entry) -> Entry:
        """Note that what *deployed* says works, and return it with its number and time."""
        entries = self.entries()
        number = entries[-1].number + 1 if entries else 1
        when = self.cluster.now().isoformat(timespec="seconds")
        made = replace(deployed, number=number, when=when)
        self._write((*entries, made)[-MOST:], new=not entries)
        return made

    def confirm(self, commit: str) -> None:
        """Note that *commit* asks for what was seen to work last."""
        entries = self.entries()
        if entries[-1].commit != commit:
            self._write((*entries[:-1], replace(entries[-1], commit=commit)), new=False)

    def moved(self, revision: int) -> None:
        """Note that what was seen to work last runs as *revision* now: Helm does not keep that of then for ever."""
        *others, last = self.entries()
        if last.state.revision != revision:
            state = replace(last.state, revision=revision)
            self._write((*others, replace(last, state=state)), new=False)

    def _write(self, entries: Sequence[Entry], *, new: bool) -> None:
        text = json.dumps([asdict(entry) for entry in entries], indent=1)
        if new and self.cluster.find(f"{self._place}/{NAME}") is None:
            body = {"metadata": {"name": NAME, "labels": _LABELS}, "data": {_KEY: text}}
            self.cluster.request("POST", self._place, body=body)
        else:
            body = {"data": {_KEY: text}}
            self.cluster.request("PATCH", f"{self._place}/{NAME}", body=body, headers=MERGE_PATCH)

    @property
    def _place(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps"


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(**{**row, "state": State(**row["state"]), "queues": tuple(row.get("queues") or ())})


def state_of(release: ReleaseTarget, bundle: PublishedBundle) -> State:
    """Return what runs now."""
    revisions = release.history()
    return State(revisions[-1].number if revisions else 0, bundle.head())
