"""A worker reads secrets with the login that it holds itself."""

from suite.attack import HELD
from suite.place import Place
from suite.stores import one_token_for_all, reads, variable, zone_login

FROM = "tenant code in a task"
AGAINST = "the secrets store"
DEFENCE = "a zone's login reads nothing: it only mints tokens of one tenant"
MUST = HELD
NEEDS = ("platform",)
undefended = one_token_for_all


def attack(place: Place) -> str:
    """Return what is got."""
    return reads(zone_login(place), (variable("alpha"), variable("beta")))
