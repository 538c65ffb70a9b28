"""The hosts as a target of a deploy of ENV=local."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aerodrome.errors import UserError
from aerodrome.hosts.inventory import load_inventory
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release.host_access import LocalHostAccess
from aerodrome.local.release.hosts import hosts_for
from aerodrome.plan import Change, not_observable
from aerodrome.progress import Progress, silent
from aerodrome.targets import deployed_hosts
from aerodrome.targets.host_commands import Hosts
from aerodrome.targets.host_state import KIND, TARGET


@dataclass
class DeployedHosts(deployed_hosts.DeployedHosts):
    """All hosts of the inventory; where somebody works on them already, they alone are left out of the deploy."""

    platform: Platform

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

    def access(self) -> LocalHostAccess:
        """Return the access of hosts to this platform."""
        return LocalHostAccess(self.platform.layout.repository, self.platform.environment.name, self.platform)

    def changes(self) -> tuple[Change, ...]:
        """Return what differs now; nothing before there is a platform that a host could reach."""
        hosts = self._hosts()
        if hosts is None:
            return tuple(self._before_they_are_reached())
        return (*self.look(hosts.target(silent, revive=False)), *self._before_the_broker_runs())

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
        self.bring(self._hosts(), changes, progress)

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
