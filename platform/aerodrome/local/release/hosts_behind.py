"""Hosts that lack what DAGs about to be published run in: such a task comes to none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from aerodrome import names
from aerodrome.bundle import named_runtimes
from aerodrome.errors import Problem
from aerodrome.local.machine import host_grants
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release.host_logins import TARGET
from aerodrome.local.release.hosts_target import DeployedHosts
from aerodrome.local.release.preparation import Preparation, remembered
from aerodrome.plan import OBSERVE, Change, not_observable
from aerodrome.progress import Progress
from aerodrome.render.hosts import tenants_of
from aerodrome.targets.hosts import TENANTS_FAILED

if TYPE_CHECKING:
    from aerodrome.clients.ansible_failures import HostFailure
    from aerodrome.hosts.inventory import Host

KIND = "host's broker user"
_TENANT = re.compile(r"\btenants/([a-z][a-z0-9]*)")


@dataclass
class HostsBehind:
    """Comes between the hosts and the DAGs.

    A tenant stays as it was published while a host that takes its tasks lacks what the new ones run in. A host that
    takes none, for it is away, is shut out of the broker until it is set up, and keeps nobody waiting.
    """

    prepared: Preparation
    hosts: DeployedHosts
    kept_back: dict[str, list[str]] = field(default_factory=dict)
    name: str = TARGET

    def holding_back(self) -> Preparation:
        """Return the preparation whose DAGs are published without those that are kept back."""
        bundle, failed = self.prepared.bundle, self.prepared.bundle.without
        return replace(self.prepared, bundle=replace(bundle, without=lambda: {*failed(), *self.kept_back}))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return one problem for each tenant that is kept back."""
        return tuple(self._problem(tenant, hosts) for tenant, hosts in sorted(self.kept_back.items()))

    def changes(self) -> tuple[Change, ...]:
        """Return which hosts are to be shut out of the broker; notes which tenants are kept back."""
        lacking = {name: found for name in self.hosts.lacking if (found := self._affected(name))}
        taking = self._connected() if lacking else frozenset()
        self.kept_back = {}
        for host in sorted(lacking.keys() & taking):
            for tenant in lacking[host]:
                self.kept_back.setdefault(tenant, []).append(host)
        away = sorted(lacking.keys() - taking)
        shut = tuple(_change(host, lacking[host]) for host in away if self._may_come_in(host))
        return (*shut, *self._before_hosts_are_set_up())

    def _before_hosts_are_set_up(self) -> Iterator[Change]:
        if self.hosts.pending and not self.hosts.had_their_turn:
            why = "one that cannot be set up, and is away, is shut out until `make workers` sets it up"
            yield not_observable(TARGET, "broker users of these hosts", why, KIND)

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Shut them out."""
        access = self.hosts.access()
        for change in (each for each in changes if each.action != OBSERVE):
            access.shut([change.name])
            progress(f"{change.what}: {change.why}")

    def _affected(self, name: str) -> tuple[str, ...]:
        """Return the tenants of a host whose new DAGs would want something there that no published one did."""
        platform = self.prepared.platform
        host = next(host for host in platform.hosts if host.name == name)
        there = tenants_of(platform.tenants, host, platform.environment)
        failed = self._failed_alone(name)
        return tuple(
            tenant
            for tenant in there
            if (failed is None or tenant in failed)
            and (tenant in self._with_new_runtime() or self._is_new_there(tenant, host))
        )

    def _failed_alone(self, name: str) -> frozenset[str] | None:
        """Return the only tenants that a host could not be set up for; None where it is not known to have any."""
        failure: HostFailure | None = self.hosts.failure(name)
        if failure is None or failure.where != TENANTS_FAILED:
            return None
        return frozenset(_TENANT.findall(failure.message))

    def _with_new_runtime(self) -> frozenset[str]:
        repository = self.prepared.platform.layout.bundle
        published = named_runtimes(repository, publishes=1) if (repository / "HEAD").is_file() else set()
        sources = self.prepared.runtimes.sources
        return frozenset(source.tenant for source in sources if source.digest not in published)

    def _is_new_there(self, tenant: str, host: Host) -> bool:
        platform = self.prepared.platform
        before = remembered(platform.layout).get(tenant)
        queues = set(platform.tenants[tenant].queues) & set(host.queues)
        return before is None or not queues <= set(before.queues)

    def _connected(self) -> frozenset[str]:
        access = broker_access(self.prepared.platform)
        users = {client.user for client in access.connected()} if access.answers() else set()
        return frozenset(host for user in users if (host := names.host_of(user)))

    def _may_come_in(self, name: str) -> bool:
        credentials = self.prepared.platform.credentials
        inside = {host.name: host for host in self.prepared.platform.let_in}
        return name in inside and not host_grants.of(credentials, inside[name]).shut

    def _problem(self, tenant: str, hosts: Sequence[str]) -> Problem:
        named, place = ", ".join(hosts), self.prepared.platform.environment.name
        message = f"stays as it was published: {named} takes its tasks, and lacks what the new ones run in"
        remedy = (
            f"make workers ENV={place} LIMIT={','.join(hosts)}, then make deploy;"
            " make drain or make remove where it cannot be set up"
        )
        return Problem(f"tenants/{tenant}", 0, 0, "", message, remedy, fault=True)


def _change(host: str, tenants: Sequence[str]) -> Change:
    why = f"it is away and lacks what new DAGs of {', '.join(tenants)} run in: shut out until `make workers` sets it up"
    return Change(TARGET, "delete", f"broker user of {host}", why, "access", kind=KIND, name=host)
