"""Who may do what in Airflow: roles of tenants and of the platform, the first administrator, pools. Pure.

An example user for each tenant where people are users of Airflow's own; elsewhere people come by the directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.policy.from_manifest import pools
from aerodrome.render.rights import LEVELS, Permission, of_levels, of_platform

ADMIN = "admin"
POOL_MARK = "[aerodrome]"
"""What a deploy made carries it; nothing else is ever removed."""
Tenants = Mapping[str, TenantManifest]


@dataclass(frozen=True)
class Access:
    """Roles with their permissions beyond single DAGs, users with their roles, pools with slots and description."""

    roles: dict[str, frozenset[Permission]]
    users: dict[str, frozenset[str]]
    pools: dict[str, tuple[int, str]]


def desired(environment: Environment, tenants: Tenants) -> Access:
    """Return the access that the tenants' folders and the environment's login ask for."""
    own = environment.login.kind == "database"
    of_level = of_levels(own_passwords=own)
    roles = {names.role(tenant, level): of_level[level] for tenant in tenants for level in LEVELS}
    users, slots = _users(environment, tenants), _pools(environment, tenants)
    return Access({**roles, **of_platform(own_passwords=own)}, users, slots)


def is_tenant_role(name: str) -> bool:
    """Return whether a role of this name is one that a tenant has, or had."""
    tenant, separator, level = name.partition(names.SEPARATOR)
    return bool(separator) and names.is_tenant(tenant) and level in LEVELS


def _users(environment: Environment, tenants: Tenants) -> dict[str, frozenset[str]]:
    login, administrator = environment.login, frozenset({"Admin"})
    users = {ADMIN: administrator}
    if login.kind == "database":
        users |= {tenant: frozenset({names.role(tenant, "editor")}) for tenant in tenants}
    elif login.break_glass:
        users |= {login.break_glass: administrator}
    return users


def _pools(environment: Environment, tenants: Tenants) -> dict[str, tuple[int, str]]:
    return {
        pool: (slots, f"{POOL_MARK} {model.description}".strip())
        for tenant, model in tenants.items()
        for pool, slots in pools(tenant, model, environment).items()
    }
