"""A worker mints a token that lives for a day."""

import contextlib

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from suite.attack import HELD
from suite.live import ZONE
from suite.place import Place
from suite.stores import one_token_for_all, zone_login

FROM = "tenant code in a task"
AGAINST = "the secrets store"
DEFENCE = "five minutes are all that a zone may ask for"
MUST = HELD
NEEDS = ("platform",)
undefended = one_token_for_all


def attack(place: Place) -> str:
    """Return what is got."""
    return _minted(zone_login(place), names.tenant_policy("local", ZONE, "alpha"), "24h")


def _minted(store: Vault, role: str, ttl: str) -> str:
    with contextlib.suppress(AerodromeError):
        return store.mint(role, ttl)
    return ""
