"""Somebody with a token of a tenant lists the names of secrets, policies and roles."""

import contextlib

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from suite.attack import HELD
from suite.place import Place
from suite.stores import minted, one_token_for_all

FROM = "tenant code in a task"
AGAINST = "the secrets store"
DEFENCE = "tokens of tasks may not list"
MUST = HELD
NEEDS = ("platform",)
undefended = one_token_for_all


def attack(place: Place) -> str:
    """Return what is got."""
    store = minted(place)
    folders = ("local/tenants", "local/tenants/beta/variables", "local/tenants/alpha/variables")
    return ", ".join(folder for folder in folders if _listed(store, folder))


def _listed(store: Vault, folder: str) -> bool:
    with contextlib.suppress(AerodromeError):
        return bool(store.names(names.SECRETS_MOUNT, folder))
    return False
