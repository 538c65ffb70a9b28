"""The hosts as a target of a deploy of ENV=local."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aerodrome.clients.ansible_failures import HostFailure
from aerodrome.errors import HeldError, Problem, UserError
from aerodrome.hosts.inventory import load_inventory
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release.host_access import LocalHostAccess
from aerodrome.local.release.hosts import hosts_for
from aerodrome.plan import OBSERVE, Change, not_observable
from aerodrome.progress import Progress, silent
from aerodrome.targets.host_commands import Hosts
from aerodrome.targets.host_state import KIND, TARGET
from aerodrome.targets.hosts import HostsTarget


@dataclass
class DeployedHosts:
    """All hosts of the inventory; where somebody works on them already, they alone are left out of the deploy."""

    platform: Platform
    looked: HostsTarget | None = None
    held: tuple[Problem, ...] = ()
    pending: tuple[str, ...] = ()
    had_their_turn: bool = False
    name: str = TARGET

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return one problem for each host that was not done, or one for all of them."""
        return self.held or (self.looked.problems if self.looked else ())

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what people should know of hosts that a deploy leaves as they are."""
        if self.looked is None:
            return (
                ("hosts are looked at when the platform that they reach is deployed",)
                if self.platform.hosts
                else ()
            )
        return self.looked.notes

    @property
    def lacking(self) -> tuple[str, ...]:
        """Return the hosts that may take tasks and may lack what these run in: they were not set up.

        What is pending is about to be done, unless somebody else works on the hosts. A drained one takes no task.
        """
        if self.looked is None:
            return ()
        undone = {*self.looked.failures, *(self.pending if self.held else ())}
        return tuple(sorted(name for name in undone if self.looked.may_lack(name)))

    def failure(self, name: str) -> HostFailure | None:
        """Return why a host was not done."""
        return self.looked.failures.get(name) if self.looked else None

    def access(self) -> LocalHostAccess:
        """Return the access of hosts to this platform."""
        return LocalHostAccess(self.platform.layout.repository, self.platform.environment.name, self.platform)

    def changes(self) -> tuple[Change, ...]:
        """Return what differs now; nothing before there is a platform that a host could reach."""
        hosts = self._hosts()
        if hosts is None:
            return tuple(self._before_they_are_reached())
        self.looked = hosts.target(silent, revive=False)
        found = self.looked.changes()
        self.pending = tuple(change.name for change in found)
        return (*found, *self._before_the_broker_runs())

    def _before_they_are_reached(self) -> Iterator[Change]:
        if self.platform.hosts:
            yield not_observable(TARGET, "hosts", "looked at once the platform that they reach is deployed")

    def _before_the_broker_runs(self) -> Iterator[Change]:
        # What does not run refuses no login.
        if self.platform.let_in and not broker_access(self.platform).answers():
            yield not_observable(
                TARGET, "logins of hosts", "the broker does not run: tried once it does", KIND
            )

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Bring the hosts to their desired state."""
        hosts, self.had_their_turn = self._hosts(), True
        if hosts is None or self.looked is None:
            return
        try:
            with hosts.alone():
                self.looked.apply([each for each in changes if each.action != OBSERVE], progress)
        except HeldError as held:
            file = hosts.inventory.file
            self.held = (Problem(file, 0, 0, "", str(held.args[0]), held.remedy, fault=True),)

    def _hosts(self) -> Hosts | None:
        platform = self.platform
        root, environment = platform.layout.repository, platform.environment
        if not platform.hosts:
            return None
        access = self.access()
        try:
            access.authority()
        except UserError:
            return None
        return hosts_for(platform, load_inventory(root, environment), access)
