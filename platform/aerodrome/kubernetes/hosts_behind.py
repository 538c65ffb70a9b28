"""Hosts of a platform in a cluster that lack what DAGs about to be published run in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from aerodrome import names
from aerodrome.bundle import named_runtimes, published_limits, published_text
from aerodrome.environment import Environment
from aerodrome.hosts.inventory import Host
from aerodrome.kubernetes.host_access import ClusterHostAccess
from aerodrome.kubernetes.hosts_target import DeployedHosts
from aerodrome.kubernetes.preparation import Preparation, bundle_of
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.policy.limits import FILE_NAME, from_json
from aerodrome.targets import hosts_behind
from aerodrome.targets.host_state import is_for_tenant
from aerodrome.targets.hosts_behind import TARGET


@dataclass
class HostsBehind(hosts_behind.HostsBehind):
    """Comes between the hosts and the DAGs of *prepared*."""

    prepared: Preparation
    hosts: DeployedHosts
    access: ClusterHostAccess
    kept_back: dict[str, list[str]] = field(default_factory=dict)
    name: str = TARGET

    @property
    def environment(self) -> Environment:
        """Return the environment."""
        return self.prepared.environment

    @property
    def tenants(self) -> Mapping[str, TenantManifest]:
        """Return the tenants that it has."""
        return self.prepared.models

    @property
    def inventory(self) -> Sequence[Host]:
        """Return its hosts."""
        return self.access.hosts

    def with_new_runtime(self) -> frozenset[str]:
        """Return the tenants whose DAGs want another virtual environment than the published ones."""
        published = named_runtimes(self._published, publishes=1)
        return frozenset(each.tenant for each in self.prepared.sources if each.digest not in published)

    def is_new_there(self, tenant: str, host: Host) -> bool:
        """Return whether *tenant* was published without a queue of the host, or the host's stamp does not know it."""
        looked = self.hosts.looked
        found = looked.found.get(host.name) if looked else None
        if found is not None and not is_for_tenant(found, tenant):
            return True
        return not set(self.tenants[tenant].queues) & set(host.queues) <= self._queues_before(tenant)

    def _queues_before(self, tenant: str) -> frozenset[str]:
        """Return the queues that *tenant* was published with; none where it was not, or nobody can read it."""
        path = f"{tenant}/{FILE_NAME}"
        if path not in published_limits(self._published):
            return frozenset()
        try:
            return frozenset(from_json(published_text(self._published, path)).queues)
        except ValueError:
            return frozenset()

    @cached_property
    def _published(self) -> Path:
        """The central DAG repository as it was when this was asked first."""
        remote = bundle_of(self.prepared.root, self.environment)
        remote.fetch()
        return remote.mirror.path

    def connected(self) -> frozenset[str]:
        """Return the hosts that are connected to the broker."""
        with self.access.broker() as broker:
            clients = broker.connected() if broker and broker.answers() else frozenset()
        return frozenset(host for client in clients if (host := names.host_of(client.user)))

    def may_come_in(self, name: str) -> bool:
        """Return whether the broker lets a host in."""
        return name in self.access.record.read().at_broker

    def shut(self, name: str) -> None:
        """Keep a host away from the broker until it is set up."""
        self.access.shut([name])
