"""Another host, a worker with the login of its zone, asks for the secrets of a tenant that has no task in that zone."""

import contextlib

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from suite.attack import HELD
from suite.place import ATTACKER, VICTIM, Place
from suite.stores import minted, one_token_for_all, reads, variable, zone_login

FROM = "another host"
AGAINST = "the secrets store"
DEFENCE = "a zone's login mints for the tenants of its zone"
MUST = HELD
NEEDS = ("platform",)
undefended = one_token_for_all
OWN = "pii"
"""Its zone, in which the victim has tasks and the other tenant has none."""


def harmless(place: Place) -> str:
    """Return what the same host reads for a tenant of its zone."""
    return reads(minted(place, VICTIM, OWN), (variable(),))


def attack(place: Place) -> str:
    """Return the tokens that are minted, and the secrets that are read with what the host has."""
    login, token = zone_login(place, OWN), minted(place, VICTIM, OWN)
    roles = [names.tenant_policy("local", zone, ATTACKER) for zone in (OWN, "default")]
    got = [role for role in roles if _mints(login, role)]
    got += [reads(store, (variable(ATTACKER),)) for store in (login, token)]
    return ", ".join(filter(None, got))


def _mints(store: Vault, role: str) -> bool:
    with contextlib.suppress(AerodromeError):
        return bool(store.mint(role, names.TOKEN_TTL))
    return False
