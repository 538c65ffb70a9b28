"""A worker of a shared zone reads a connection that only the queue for personal data may use."""

from suite.attack import HELD
from suite.place import Place
from suite.stores import connection, keep_people, minted, one_token_for_all, reads

FROM = "a worker of another zone"
AGAINST = "personal data"
DEFENCE = "the policy of a tenant in a zone names only the connections of that zone's queues"
MUST = HELD
NEEDS = ("platform",)
undefended = one_token_for_all


def harmless(place: Place) -> str:
    """Return what the same may read."""
    keep_people(place)
    return reads(minted(place, "beta", "pii"), (connection(),))


def attack(place: Place) -> str:
    """Return what is got."""
    keep_people(place)
    return reads(minted(place, "beta"), (connection(),))
