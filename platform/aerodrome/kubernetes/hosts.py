"""Workers on hosts of a platform in a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_lease import Lease, alone
from aerodrome.environment import Environment, load_environment
from aerodrome.hosts.inventory import Inventory, load_inventory
from aerodrome.kubernetes.as_deployed import last_deployed
from aerodrome.kubernetes.broker import broker
from aerodrome.kubernetes.connection import Connection, connect
from aerodrome.kubernetes.host_access import ClusterHostAccess
from aerodrome.kubernetes.host_record import HostRecord
from aerodrome.manifest.folder import tenant_folders
from aerodrome.manifest.load import load_repository
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.progress import silent
from aerodrome.secrets import access
from aerodrome.targets import host_commands
from aerodrome.targets.host_commands import Hosts
from aerodrome.targets.host_materials import Source

Tenants = Mapping[str, TenantManifest]


def hosts_of(
    root: Path, environment_name: str, limit: str = "", sudo_password: str = "", verbosity: int = 0
) -> Hosts:
    """Return the hosts that *limit* names, all of them where it is empty, as the repository says now.

    UserError where the environment has none.
    """
    environment = load_environment(root, environment_name)
    inventory = load_inventory(root, environment)
    host_commands.require_hosts(inventory)
    connection = connect(root, environment)
    hosts = hosts_for(connection, tenants_of(connection), inventory, limit)
    return host_commands.asked_for(hosts, sudo_password, verbosity)


def tenants_of(connection: Connection) -> Tenants:
    """Return the tenants as the repository says; those whose tenant.yaml cannot be read as they were deployed."""
    root, environment = connection.root, connection.environment
    loaded = load_repository(root, environment).tenants
    unread = set(tenant_folders(root)) - {tenant.name for tenant in loaded}
    found = (*loaded, *last_deployed(connection).tenants(unread, environment))
    return {tenant.name: tenant.model for tenant in found}


def shut_out(root: Path, environment_name: str, names: str) -> tuple[str, ...]:
    """Revoke the credentials of hosts that the inventory need not name; return what was done, with what is left."""
    environment = load_environment(root, environment_name)
    return host_commands.shut_out(access_of(connect(root, environment), {}, Inventory("")), names)


def hosts_for(connection: Connection, tenants: Tenants, inventory: Inventory, limit: str = "") -> Hosts:
    """Return hosts of *inventory* as they should be for *tenants* of the environment of *connection*."""
    source = Source(connection.root, connection.environment, tenants)
    lock = partial(alone_with_hosts, connection.cluster, connection.environment)
    return host_commands.hosts_for(source, inventory, access_of(connection, tenants, inventory), lock, limit)


def access_of(connection: Connection, tenants: Tenants, inventory: Inventory) -> ClusterHostAccess:
    """Return the access of the hosts of *inventory*; nothing is asked of the cluster yet."""
    environment = connection.environment
    return ClusterHostAccess(
        connection.root,
        environment,
        tenants,
        inventory.hosts,
        record_of(connection),
        partial(broker, connection.cluster, environment.cluster),
        cache(partial(access.vault, connection.root, environment)),
    )


def record_of(connection: Connection) -> HostRecord:
    """Return who was let in to the environment of *connection*."""
    return HostRecord(connection.cluster, connection.environment.cluster.namespace)


@contextmanager
def alone_with_hosts(cluster: Cluster, environment: Environment) -> Iterator[Lease]:
    """Hold the lock of the hosts, not the deploy's: a drain may take hours. HeldError tells who holds it."""
    with alone(cluster, environment.cluster.namespace, f"{environment.name}-hosts", silent) as lease:
        yield lease
