"""Somebody with a token of one tenant reads another tenant's secrets, by plain and by odd paths."""

from suite.attack import HELD
from suite.place import Place
from suite.stores import minted, one_token_for_all, reads, variable

FROM = "tenant code in a task"
AGAINST = "the secrets store"
DEFENCE = "a policy for each tenant and zone names each path"
MUST = HELD
NEEDS = ("platform",)
undefended = one_token_for_all


def harmless(place: Place) -> str:
    """Return what the same may read."""
    return reads(minted(place), (variable("alpha"),))


def attack(place: Place) -> str:
    """Return what is got."""
    odd = (
        "local/tenants/alpha/variables/../../beta/variables/token",
        "local/tenants/alpha%2f..%2fbeta/variables/token",
    )
    return reads(minted(place), (variable("beta"), *odd))
