"""Somebody with a token of a tenant changes that tenant's secrets, or takes them away."""

import contextlib

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from suite.attack import HELD
from suite.place import Place
from suite.stores import minted, one_token_for_all, variable

FROM = "tenant code in a task"
AGAINST = "the secrets store"
DEFENCE = "tokens of tasks read"
MUST = HELD
NEEDS = ("platform",)
undefended = one_token_for_all


def attack(place: Place) -> str:
    """Return what is got."""
    return _written(minted(place), variable("alpha", "planted"))


def _written(store: Vault, path: str) -> str:
    with contextlib.suppress(AerodromeError):
        store.write(names.SECRETS_MOUNT, path, {"value": "planted"})
        store.delete(names.SECRETS_MOUNT, path)
        return path
    return ""
