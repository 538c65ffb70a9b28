"""The central DAG repository on a server as a target: what is published here first is pushed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aerodrome import bundle
from aerodrome.clients.git import BranchMovedError
from aerodrome.clients.git_remote import Remote
from aerodrome.errors import AerodromeError
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.targets.bundle import BundleTarget
from aerodrome.targets.part import Part


@dataclass(frozen=True)
class PublishedBundle:
    """The central DAG repository as *remote* has it."""

    remote: Remote

    def head(self) -> str:
        """Return the commit of its branch; empty where it has none."""
        self.remote.fetch()
        return self.remote.mirror.head() or ""

    def begin(self) -> None:
        """Let it have the branch: Airflow that clones a repository without it does not see it come later."""
        if not self.head():
            bundle.begin(self.remote.mirror.path)
            self.remote.push()

    def back_to(self, commit: str) -> str:
        """Publish the DAGs of *commit* again, and return what was done as a sentence."""
        self.remote.fetch()
        told = bundle.rollback(self.remote.mirror.path, commit)
        self.remote.push()
        return told


@dataclass(frozen=True)
class RemoteBundleTarget:
    """Publishes as :class:`BundleTarget` does, into the mirror of *remote*, and pushes that.

    What the server has is what counts.
    """

    here: BundleTarget
    remote: Remote
    name: str = "bundle"

    @property
    def part(self) -> Part:
        """Return removals where it makes some of these alone; the other turn may have some left."""
        return Part.REMOVALS if self.here.part is Part.REMOVALS else Part.ALL

    def changes(self) -> tuple[Change, ...]:
        """Return one change for each file of the server's branch that differs."""
        self.remote.fetch()
        return self.here.changes()

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Publish all files in one commit on what the server has; nothing is done where somebody else came first."""
        self.here.apply(changes, progress)
        try:
            self.remote.push()
        except BranchMovedError as moved:
            self.remote.fetch()
            remedy = (
                f"look who publishes there, then deploy again: make deploy ENV={self.here.environment.name}"
            )
            raise AerodromeError(moved.args[0], remedy) from None
        progress("pushed")
