"""A worker reads another zone's queue by a script that runs in the broker."""

from suite.attack import HELD
from suite.brokers import OTHER, one_user, tried
from suite.place import Place

FROM = "a worker of another zone"
AGAINST = "queues"
DEFENCE = "a broker user of each zone, with the keys of its own queues"
MUST = HELD
NEEDS = ("platform",)
undefended = one_user


def harmless(place: Place) -> str:
    """Return what the worker may do with its own queue."""
    return tried(place, ("LLEN", "default"))


def attack(place: Place) -> str:
    """Return the commands that are carried out."""
    return tried(place, ("EVAL", f"return redis.call('LLEN', '{OTHER}')", 0))
