"""A worker mints a token of a tenant for another zone."""

import contextlib

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from suite.attack import HELD
from suite.place import Place
from suite.stores import one_token_for_all, zone_login

FROM = "a worker of another zone"
AGAINST = "the secrets store"
DEFENCE = "a zone's login mints for the tenants of its zone"
MUST = HELD
NEEDS = ("platform",)
undefended = one_token_for_all


def attack(place: Place) -> str:
    """Return what is got."""
    roles = (names.tenant_policy("local", "pii", "beta"),)
    return ", ".join(role for role in roles if _mints(zone_login(place), role))


def _mints(store: Vault, role: str) -> bool:
    with contextlib.suppress(AerodromeError):
        return bool(store.mint(role, names.TOKEN_TTL))
    return False
