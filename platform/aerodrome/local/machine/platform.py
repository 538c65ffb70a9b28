"""What one local deployment is made of: the input of every other module here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aerodrome import names
from aerodrome.environment import Environment, Local, Ports
from aerodrome.local.machine import host_grants
from aerodrome.local.machine.accounts import Accounts
from aerodrome.local.machine.credentials import Credentials, credentials, redis_host
from aerodrome.local.machine.state import Layout
from aerodrome.manifest.tenant import TenantManifest

if TYPE_CHECKING:
    from aerodrome.hosts.inventory import Host
    from aerodrome.hosts_settings import EntranceSettings


@dataclass(frozen=True)
class Platform:
    """The desired deployment: environment, tenants (merged models, by name) and hosts of the inventory, at one place.

    Who only looks at it makes it with *looked_at*: no secret is kept that was not there before.
    """

    layout: Layout
    environment: Environment
    tenants: Mapping[str, TenantManifest] = field(default_factory=dict)
    enforce_policy: bool = True
    looked_at: bool = False
    hosts: tuple[Host, ...] = ()

    @property
    def local(self) -> Local:
        """Return the settings that only ENV=local has."""
        return self.environment.local or Local()

    @property
    def ports(self) -> Ports:
        """Return the loopback ports."""
        return self.local.ports

    @property
    def credentials(self) -> Credentials:
        """Return the generated secrets."""
        return credentials(self.layout, keep_new=not self.looked_at)

    @property
    def accounts(self) -> Accounts:
        """Return the operating system users of the processes and tenants."""
        return Accounts(self.layout.root)

    @property
    def api_url(self) -> str:
        """Return the address of Airflow's API server and web interface."""
        return f"http://127.0.0.1:{self.ports.api_server}"

    @property
    def openbao_url(self) -> str:
        """Return the address of OpenBao."""
        return f"http://127.0.0.1:{self.ports.openbao}"

    def queues_of(self, zone: str) -> tuple[str, ...]:
        """Return the queues of *zone*, sorted."""
        return tuple(sorted(name for name, queue in self.environment.queues.items() if queue.zone == zone))

    def tenants_of(self, zone: str) -> tuple[str, ...]:
        """Return the tenants that have a queue in *zone*, sorted."""
        queues = {name for name in self.queues_of(zone) if self.environment.queues[name].tenants}
        return tuple(sorted(name for name, tenant in self.tenants.items() if queues & set(tenant.queues)))

    @property
    def zones(self) -> tuple[str, ...]:
        """Return the zones that have a queue, sorted."""
        return tuple(sorted({queue.zone for queue in self.environment.queues.values()}))

    @property
    def served_here(self) -> tuple[str, ...]:
        """Return the zones whose workers run here, sorted; those of the others run on hosts."""
        return tuple(zone for zone in self.zones if not self.environment.on_hosts(zone))

    @property
    def queues_here(self) -> tuple[str, ...]:
        """Return the queues whose workers run here, sorted."""
        return tuple(sorted(queue for zone in self.served_here for queue in self.queues_of(zone)))

    @property
    def entrance(self) -> EntranceSettings | None:
        """Return where workers on hosts come in, or None where all of them are here."""
        settings = self.environment.hosts
        return settings.entrance if settings else None

    @property
    def let_in(self) -> tuple[Host, ...]:
        """Return the hosts of the inventory that were given a login, with the zone and the queues that it is for."""
        known = (host for host in self.hosts if self.credentials.find(redis_host(host.name)))
        return tuple(host_grants.as_granted(self.credentials, host) for host in known)

    @property
    def at_broker(self) -> tuple[Host, ...]:
        """Return those of the hosts with a login that the broker may let in."""
        credentials = self.credentials
        return tuple(host for host in self.let_in if not host_grants.of(credentials, host).shut)

    @property
    def triggerer_zones(self) -> tuple[str, ...]:
        """Return the zones whose sensors may leave their waiting to the triggerer, sorted."""
        return tuple(zone for zone in self.served_here if self.environment.zones[zone].triggerer)

    def launcher_users(self, zone: str) -> tuple[str, ...]:
        """Return who may ask the launcher of *zone*; none where everything runs as one user."""
        triggerer = self.accounts.airflow if zone in self.triggerer_zones else None
        return tuple(user for user in (self.accounts.worker(zone), triggerer) if user)

    def os_user(self, tenant: str) -> str | None:
        """Return the operating system user of *tenant*'s code, or None where there are none of its own."""
        return names.os_user(tenant) if self.layout.root else None
