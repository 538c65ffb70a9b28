"""The hosts as targets of a deploy to a cluster: who may come in, and what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aerodrome.kubernetes.host_access import ClusterHostAccess
from aerodrome.names import host_user
from aerodrome.plan import Action, Change, not_observable
from aerodrome.progress import Progress, silent
from aerodrome.targets import deployed_hosts
from aerodrome.targets.host_commands import Hosts
from aerodrome.targets.host_state import TARGET
from aerodrome.targets.hosts_behind import TARGET as ACCESS_TARGET

_LATER = "looked at once the platform that they reach is deployed"


@dataclass(frozen=True)
class HostAccessTarget:
    """Shuts out who is in the inventory no more, and gives the others the broker's users that they were let in with."""

    access: ClusterHostAccess
    name: str = ACCESS_TARGET

    def changes(self) -> tuple[Change, ...]:
        """Return who is shut out, and whose user differs; nothing of a broker that is not there."""
        known = {host.name for host in self.access.hosts}
        gone = [name for name in self.access.record.read().hosts if name not in known]
        return (
            *(
                _change("delete", "access of host", name, "the inventory does not name it", name)
                for name in gone
            ),
            *(
                _change("update", "broker user", host_user(name), "it has other rights, or is gone")
                for name in self.access.drifted()
                if name in known
            ),
        )

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Bring that about."""
        for each in changes:
            if each.action == "delete":
                for sentence in self.access.revoke(each.name):
                    progress(sentence)
        for sentence in self.access.restore([host.name for host in self.access.hosts]):
            progress(sentence)


@dataclass
class DeployedHosts(deployed_hosts.DeployedHosts):
    """All hosts of the inventory; where somebody works on them already, they alone are left out of the deploy."""

    hosts: Hosts
    access: ClusterHostAccess

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what people should know of hosts that a deploy leaves as they are."""
        return self.looked.notes if self.looked else (f"hosts are {_LATER}",)

    def changes(self) -> tuple[Change, ...]:
        """Return what differs now; nothing before there is a broker that a host could reach."""
        with self.access.broker() as broker:
            if broker is None or not broker.answers():
                return (not_observable(TARGET, "hosts", _LATER),)
        return self.look(self.hosts.target(silent, revive=False))

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Bring the hosts to their desired state: one that fails or is away keeps no other from it."""
        self.bring(self.hosts, changes, progress)


def _change(action: Action, kind: str, name: str, why: str, owner: str = "") -> Change:
    return Change(ACCESS_TARGET, action, f"{kind} {name}", why, "access", kind=kind, name=name, owner=owner)
