"""Which zones may read which connections and variables: read from environment.yaml and tenant.yaml alone."""

from __future__ import annotations

from collections.abc import Mapping

from aerodrome import names
from aerodrome.environment import Environment, Queue
from aerodrome.manifest.tenant import TenantManifest

Tenants = Mapping[str, TenantManifest]


def zones_of(environment: Environment, tenant: TenantManifest) -> tuple[str, ...]:
    """Return the zones in which *tenant* has a queue, sorted."""
    return tuple(sorted({queue.zone for queue in _queues(environment, tenant).values()}))


def tenants_of(environment: Environment, zone: str, tenants: Tenants) -> tuple[str, ...]:
    """Return the tenants that have a queue in *zone*, sorted."""
    return tuple(sorted(name for name, model in tenants.items() if zone in zones_of(environment, model)))


def zones(environment: Environment) -> tuple[str, ...]:
    """Return the zones that have a queue, sorted."""
    return tuple(sorted({queue.zone for queue in environment.queues.values()}))


def connections(environment: Environment, tenant: TenantManifest, zone: str) -> tuple[str, ...]:
    """Return the connections that *tenant*'s tasks in *zone* may use, sorted.

    One that is limited to queues for personal data is in no other zone: these queues have a zone of their own.
    """
    return tuple(
        sorted(name for name in tenant.connections if zone in zones_using(environment, tenant, name))
    )


def zones_using(environment: Environment, tenant: TenantManifest, connection: str) -> tuple[str, ...]:
    """Return the zones whose workers may read *connection* of *tenant*, sorted."""
    queues = queues_using(environment, tenant, connection)
    return tuple(sorted({environment.queues[queue].zone for queue in queues}))


def queues_using(environment: Environment, tenant: TenantManifest, connection: str) -> tuple[str, ...]:
    """Return the queues whose tasks may use *connection* of *tenant*, sorted."""
    limited = tenant.connections[connection].queues
    own = _queues(environment, tenant)
    return tuple(sorted(queue for queue in own if limited is None or queue in limited))


def paths(environment: Environment, tenant: str, model: TenantManifest, zone: str) -> tuple[str, ...]:
    """Return the paths in the store that *tenant*'s tasks in *zone* may read, sorted."""
    settings, place = environment.secrets, environment.name
    own = [names.connection_path(place, tenant, name) for name in connections(environment, model, zone)]
    own += [names.variable_path(place, tenant, name) for name in model.variables]
    shared = [names.global_connection_path(place, name) for name in settings.global_connections]
    shared += [names.global_variable_path(place, name) for name in settings.global_variables]
    return tuple(sorted({*own, *shared}))


def _queues(environment: Environment, tenant: TenantManifest) -> Mapping[str, Queue]:
    # A queue that tenants may no longer use gives no access, whatever a tenant.yaml that was deployed earlier says.
    offered = environment.queues
    return {name: offered[name] for name in tenant.queues if name in offered and offered[name].tenants}
