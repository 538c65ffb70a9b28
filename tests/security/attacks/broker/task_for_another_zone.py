"""A worker puts a task of its making into another zone's queue."""

from suite.attack import HELD
from suite.brokers import OTHER, one_user, tried
from suite.place import Place

FROM = "a worker of another zone"
AGAINST = "workers of other zones"
DEFENCE = "a broker user of each zone, with the keys of its own queues"
MUST = HELD
NEEDS = ("platform",)
undefended = one_user


def harmless(place: Place) -> str:
    """Return what the worker may do with its own queue."""
    return tried(place, ("LLEN", "default"))


def attack(place: Place) -> str:
    """Return the commands that are carried out."""
    return tried(place, ("LPUSH", OTHER, "{}"), ("LREM", OTHER, 1, "{}"))
