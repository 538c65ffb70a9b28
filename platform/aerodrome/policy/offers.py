"""What an environment offers tenants, and what it leaves of limits that were made when it offered something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.policy.limits import Channel, Limits, QueueLimits


def queues(wanted: Iterable[str], environment: Environment) -> dict[str, QueueLimits]:
    """Return those queues of *wanted* that tenants may use, with what holds on each."""
    return {
        name: QueueLimits(
            shared=queue.shared,
            personal_data=queue.personal_data,
            triggerer=environment.zones[queue.zone].triggerer,
            pods_of=_pods_of(queue.zone, environment),
        )
        for name in wanted
        if (queue := environment.queues.get(name)) is not None and queue.tenants
    }


def _pods_of(zone: str, environment: Environment) -> str | None:
    return zone if environment.in_cluster(zone) else None


def reserved_queues(environment: Environment) -> tuple[str, ...]:
    """Return the queues that are the platform's own, sorted."""
    return tuple(sorted(name for name, queue in environment.queues.items() if not queue.tenants))


def channels(wanted: Iterable[str], environment: Environment) -> tuple[Channel, ...]:
    """Return the central alert channel and those of *wanted* that there are."""
    known = environment.alert_channels
    found = dict.fromkeys((environment.central_alert_channel, *wanted))
    return tuple(Channel(name, known[name].type, known[name].target) for name in found if name in known)


def pools(tenant: str, named: Mapping[str, int], parallelism: int) -> dict[str, int]:
    """Return the slots of the *named* pools and of the tenant's own, which has what they leave; each at least one.

    Named pools that were made under a higher ceiling are cut, in the order of their names.
    """
    found, left = {}, parallelism - 1
    for name, slots in sorted(named.items()):
        found[name] = max(1, min(slots, left))
        left -= found[name]
    return {names.pool(tenant): max(1, left + 1), **found}


def still_allowed(earlier: Limits, environment: Environment) -> Limits:
    """Return *earlier* as far as *environment* allows it today; what tenant.yaml alone decides stays.

    For a tenant whose tenant.yaml cannot be read: it must not keep what was taken from everybody.
    """
    ceiling = environment.limits
    parallelism = min(earlier.parallelism, ceiling.parallelism)
    return replace(
        earlier,
        queues=queues(earlier.queues, environment),
        reserved_queues=reserved_queues(environment),
        pools=pools(earlier.tenant, _named(earlier), parallelism),
        parallelism=parallelism,
        active_runs=min(earlier.active_runs, ceiling.active_runs),
        retries=min(earlier.retries, ceiling.retries),
        execution_timeout=min(earlier.execution_timeout, ceiling.execution_timeout.total_seconds()),
        connections=_connections(earlier, environment),
        variables=_variables(earlier, environment),
        forbidden_operators=tuple(sorted(environment.operators.forbidden)),
        channels=channels((channel.name for channel in earlier.channels), environment),
    )


def _named(earlier: Limits) -> dict[str, int]:
    return {name: slots for name, slots in earlier.pools.items() if name != names.pool(earlier.tenant)}


def _connections(earlier: Limits, environment: Environment) -> dict[str, tuple[str, ...]]:
    own = {key: queues for key, queues in earlier.connections.items() if not names.is_shared(key)}
    listed = (names.connection_id(names.GLOBAL, name) for name in environment.secrets.global_connections)
    return own | dict.fromkeys(listed, tuple(earlier.queues))


def _variables(earlier: Limits, environment: Environment) -> tuple[str, ...]:
    own = (key for key in earlier.variables if not names.is_shared(key))
    listed = (names.variable_key(names.GLOBAL, name) for name in environment.secrets.global_variables)
    return tuple(sorted({*own, *listed}))
