"""Whose tenants a person belongs to, and which rights count for which tenant."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from aerodrome import names

Right = tuple[str, str]
"""FAB's action and resource."""

LEVELS = ("viewer", "editor", "admin")
# Who holds one of these sees all tenants. Any other role that is no tenant's opens nothing of any tenant.
UNCONFINED_ROLES = frozenset({"Admin", "platform", "security", "auditor"})

_OF_PERSON = "_aerodrome_person"


class User(Protocol):
    """A user as FAB and Airflow know it."""

    @property
    def roles(self) -> Iterable[Any]:
        """The roles held directly."""


@dataclass(frozen=True)
class Acting:
    """A user who has exactly *perms*; FAB asks a user for nothing else."""

    perms: frozenset[Right]


@dataclass(frozen=True)
class Person:
    """A user's rights by role."""

    rights: dict[str, frozenset[Right]]

    @cached_property
    def tenants(self) -> frozenset[str]:
        """The tenants of which this person holds a role."""
        return frozenset(tenant for role in self.rights if (tenant := tenant_of_role(role)))

    @cached_property
    def confined(self) -> bool:
        """Whether this person sees tenants of their own only, or none."""
        return not UNCONFINED_ROLES & self.rights.keys()

    # FAB's methods are annotated with FAB's own user, of which they use the rights alone.
    @cached_property
    def everything(self) -> Any:
        """The person with the rights of all roles, as `Acting`."""
        return Acting(frozenset().union(*self.rights.values()))

    def about(self, tenant: str | None) -> Any:
        """Return the person, as `Acting`, with the rights that count for *tenant*; None: for no tenant."""
        if tenant not in self._about:
            counted = (
                rights
                for role, rights in self.rights.items()
                if role in UNCONFINED_ROLES or (tenant is not None and tenant_of_role(role) == tenant)
            )
            self._about[tenant] = Acting(frozenset().union(*counted))
        return self._about[tenant]

    @cached_property
    def _about(self) -> dict[str | None, Acting]:
        return {}

    def may_see(self, tenant: str | None) -> bool:
        """Return whether anything of *tenant* may be shown; None: it is no tenant's."""
        return not self.confined or (tenant is not None and tenant in self.tenants)


NOBODY = Person({})


def person(user: User | None) -> Person:
    """Return who *user* is; the answer stays with the user object, which FAB renews every few seconds."""
    if user is None:
        return NOBODY
    known: Person | None = vars(user).get(_OF_PERSON)
    if known is None:
        known = Person(_rights(_roles(user)))
        vars(user)[_OF_PERSON] = known
    return known


def _roles(user: User) -> list[Any]:
    if getattr(user, "is_anonymous", False):
        # The role of the public is set on the object; asking for `roles` would need Flask's context.
        return list(getattr(user, "_roles", ()))
    return list(user.roles)


def _rights(roles: Collection[Any]) -> dict[str, frozenset[Right]]:
    return {
        role.name: frozenset((right.action.name, right.resource.name) for right in role.permissions)
        for role in roles
        if role is not None
    }


def tenant_of_role(role: str) -> str | None:
    """Return the tenant of the role `<tenant>.<level>`, or None where *role* is no tenant's."""
    tenant, separator, level = role.partition(names.SEPARATOR)
    return tenant if separator and names.is_tenant(tenant) and level in LEVELS else None


def tenant_of(name: str | None) -> str | None:
    """Return the tenant of a dag id, connection id, variable key or asset's name; None where it is no tenant's."""
    try:
        return names.tenant_of(name) if name is not None else None
    except ValueError:
        return None


def tenant_of_pool(name: str | None) -> str | None:
    """Return the tenant of a pool: its own bears its name alone."""
    return name if name is not None and names.is_tenant(name) else tenant_of(name)
