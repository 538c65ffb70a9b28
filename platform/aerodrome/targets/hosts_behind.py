"""Hosts that lack what DAGs about to be published run in: such a task comes to none of them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from aerodrome.environment import Environment
from aerodrome.errors import Problem
from aerodrome.hosts.inventory import Host
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.plan import OBSERVE, Change, not_observable
from aerodrome.progress import Progress
from aerodrome.render.hosts import tenants_of
from aerodrome.targets.deployed_hosts import DeployedHosts
from aerodrome.targets.hosts import TENANTS_FAILED

TARGET = "host access"
KIND = "host's broker user"
_TENANT = re.compile(r"\btenants/([a-z][a-z0-9]*)")


class HostsBehind(ABC):
    """Comes between the hosts and the DAGs.

    A tenant stays as it was published while a host that takes its tasks lacks what the new ones run in. A host that
    takes none, for it is away, is shut out of the broker until it is set up, and keeps nobody waiting.
    """

    hosts: DeployedHosts
    kept_back: dict[str, list[str]]
    name: str

    @property
    @abstractmethod
    def environment(self) -> Environment:
        """Return the environment."""

    @property
    @abstractmethod
    def tenants(self) -> Mapping[str, TenantManifest]:
        """Return the tenants that it has."""

    @property
    @abstractmethod
    def inventory(self) -> Sequence[Host]:
        """Return its hosts."""

    @abstractmethod
    def with_new_runtime(self) -> frozenset[str]:
        """Return the tenants whose DAGs want another virtual environment than the published ones."""

    @abstractmethod
    def is_new_there(self, tenant: str, host: Host) -> bool:
        """Return whether *host* was never set up for *tenant*, as far as anybody knows."""

    @abstractmethod
    def connected(self) -> frozenset[str]:
        """Return the hosts that are connected to the broker."""

    @abstractmethod
    def may_come_in(self, name: str) -> bool:
        """Return whether the broker lets a host in."""

    @abstractmethod
    def shut(self, name: str) -> None:
        """Keep a host away from the broker until it is set up."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return one problem for each tenant that is kept back."""
        return tuple(self._problem(tenant, hosts) for tenant, hosts in sorted(self.kept_back.items()))

    def changes(self) -> tuple[Change, ...]:
        """Return which hosts are to be shut out of the broker; notes which tenants are kept back."""
        lacking = {name: found for name in self.hosts.lacking if (found := self._affected(name))}
        taking = self.connected() if lacking else frozenset()
        self.kept_back = {}
        for host in sorted(lacking.keys() & taking):
            for tenant in lacking[host]:
                self.kept_back.setdefault(tenant, []).append(host)
        away = sorted(lacking.keys() - taking)
        shut = tuple(_change(host, lacking[host]) for host in away if self.may_come_in(host))
        return (*shut, *self._before_hosts_are_set_up())

    def _before_hosts_are_set_up(self) -> Iterator[Change]:
        if self.hosts.pending and not self.hosts.had_their_turn:
            why = "one that cannot be set up, and is away, is shut out until `make workers` sets it up"
            yield not_observable(TARGET, "broker users of these hosts", why, KIND)

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Shut them out."""
        for change in (each for each in changes if each.action != OBSERVE):
            self.shut(change.name)
            progress(f"{change.what}: {change.why}")

    def _affected(self, name: str) -> tuple[str, ...]:
        """Return the tenants of a host whose new DAGs would want something there that no published one did."""
        host = next(host for host in self.inventory if host.name == name)
        failed = self._failed_alone(name)
        return tuple(
            tenant
            for tenant in tenants_of(self.tenants, host, self.environment)
            if (failed is None or tenant in failed)
            and (tenant in self.with_new_runtime() or self.is_new_there(tenant, host))
        )

    def _failed_alone(self, name: str) -> frozenset[str] | None:
        """Return the only tenants that a host could not be set up for; None where it is not known to have any."""
        failure = self.hosts.failure(name)
        if failure is None or failure.where != TENANTS_FAILED:
            return None
        return frozenset(_TENANT.findall(failure.message))

    def _problem(self, tenant: str, hosts: Sequence[str]) -> Problem:
        named, place = ", ".join(hosts), self.environment.name
        message = f"stays as it was published: {named} takes its tasks, and lacks what the new ones run in"
        remedy = (
            f"make workers ENV={place} LIMIT={','.join(hosts)}, then make deploy;"
            " make drain or make remove where it cannot be set up"
        )
        return Problem(f"tenants/{tenant}", 0, 0, "", message, remedy, fault=True)


def _change(host: str, tenants: Sequence[str]) -> Change:
    why = f"it is away and lacks what new DAGs of {', '.join(tenants)} run in: shut out until `make workers` sets it up"
    return Change(TARGET, "delete", f"broker user of {host}", why, "access", kind=KIND, name=host)
