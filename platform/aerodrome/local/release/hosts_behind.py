"""Hosts of ENV=local that lack what DAGs about to be published run in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from aerodrome import names
from aerodrome.bundle import named_runtimes
from aerodrome.environment import Environment
from aerodrome.local.machine import host_grants
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.release.hosts_target import DeployedHosts
from aerodrome.local.release.preparation import Preparation, remembered
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.targets import hosts_behind
from aerodrome.targets.hosts_behind import TARGET

if TYPE_CHECKING:
    from aerodrome.hosts.inventory import Host


@dataclass
class HostsBehind(hosts_behind.HostsBehind):
    """Comes between the hosts and the DAGs of *prepared*."""

    prepared: Preparation
    hosts: DeployedHosts
    kept_back: dict[str, list[str]] = field(default_factory=dict)
    name: str = TARGET

    def holding_back(self) -> Preparation:
        """Return the preparation whose DAGs are published without those that are kept back."""
        bundle, failed = self.prepared.bundle, self.prepared.bundle.without
        return replace(self.prepared, bundle=replace(bundle, without=lambda: {*failed(), *self.kept_back}))

    @property
    def environment(self) -> Environment:
        """Return the environment."""
        return self.prepared.platform.environment

    @property
    def tenants(self) -> Mapping[str, TenantManifest]:
        """Return the tenants that it has."""
        return self.prepared.platform.tenants

    @property
    def inventory(self) -> Sequence[Host]:
        """Return its hosts."""
        return self.prepared.platform.hosts

    def with_new_runtime(self) -> frozenset[str]:
        """Return the tenants whose DAGs want another virtual environment than the published ones."""
        repository = self.prepared.platform.layout.bundle
        published = named_runtimes(repository, publishes=1) if (repository / "HEAD").is_file() else set()
        sources = self.prepared.runtimes.sources
        return frozenset(source.tenant for source in sources if source.digest not in published)

    def is_new_there(self, tenant: str, host: Host) -> bool:
        """Return whether *tenant* was not deployed before, or had none of the host's queues."""
        platform = self.prepared.platform
        before = remembered(platform.layout).get(tenant)
        queues = set(platform.tenants[tenant].queues) & set(host.queues)
        return before is None or not queues <= set(before.queues)

    def connected(self) -> frozenset[str]:
        """Return the hosts that are connected to the broker."""
        access = broker_access(self.prepared.platform)
        users = {client.user for client in access.connected()} if access.answers() else set()
        return frozenset(host for user in users if (host := names.host_of(user)))

    def may_come_in(self, name: str) -> bool:
        """Return whether the broker lets a host in."""
        credentials = self.prepared.platform.credentials
        inside = {host.name: host for host in self.prepared.platform.let_in}
        return name in inside and not host_grants.of(credentials, inside[name]).shut

    def shut(self, name: str) -> None:
        """Keep a host away from the broker until it is set up."""
        self.hosts.access().shut([name])
