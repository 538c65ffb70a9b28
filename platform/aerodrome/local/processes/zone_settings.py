"""What the launcher and the secrets agent of a zone are told: who may ask them, and for which tenants."""

from __future__ import annotations

from typing import Any

from aerodrome import names
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import results_login, secrets_login

# Of one job; a tenant's limits say nothing about it.
PROCESSES = 256


def launcher(platform: Platform, zone: str) -> dict[str, Any]:
    """Return the settings of the launcher of *zone*."""
    return {
        "socket": str(platform.layout.launcher_socket(zone)),
        # Where the zone has a triggerer, its user is in this group too.
        "socket_group": platform.accounts.worker(zone),
        "allowed_users": list(platform.launcher_users(zone)) or None,
        "tenants": {tenant: launcher_tenant(platform, tenant) for tenant in platform.tenants_of(zone)},
    }


def launcher_tenant(platform: Platform, tenant: str) -> dict[str, Any]:
    """Return what a launcher is told of *tenant*: user, folders, limits."""
    home = platform.layout.homes / tenant
    limits = platform.tenants[tenant].limits
    return {
        "user": platform.os_user(tenant),
        "home": str(home / "home"),
        "data": str(home / "data"),
        "runtimes": str(platform.layout.runtimes / tenant),
        "environment": {},
        "limits": {"memory_bytes": limits.memory, "cpus": float(limits.cpu), "processes": PROCESSES},
    }


def secrets_agent(platform: Platform, zone: str) -> dict[str, Any]:
    """Return the settings of the secrets agent of *zone*."""
    return {
        "socket": str(platform.layout.secrets_socket(zone)),
        # Where the zone has a triggerer, its user is in this group too.
        "socket_group": platform.accounts.worker(zone) if zone in platform.triggerer_zones else None,
        "allowed_users": list(platform.launcher_users(zone)) or None,
        **secrets_agent_store(platform, zone),
        **results_login.store(platform, zone),
    }


def collectors_agent(platform: Platform) -> dict[str, Any]:
    """Return the settings of the agent that the collector of large results asks: it knows no secrets."""
    user = platform.accounts.airflow
    return {
        "socket": str(platform.layout.secrets_socket(names.COLLECTOR)),
        "user": user,
        "allowed_users": [user] if user else None,
        "environment": platform.environment.name,
        "zone": names.COLLECTOR,
        **results_login.store(platform, names.COLLECTOR),
    }


def secrets_agent_store(platform: Platform, zone: str) -> dict[str, Any]:
    """Return what a secrets agent of *zone* is told beside its socket and who may use it."""
    secrets = platform.environment.secrets
    return {
        "user": platform.accounts.worker(zone),
        "environment": platform.environment.name,
        "zone": zone,
        "store": secrets_login.store(platform, zone),
        "fresh_seconds": secrets.fresh_seconds,
        "stale_seconds": secrets.stale_seconds,
    }
