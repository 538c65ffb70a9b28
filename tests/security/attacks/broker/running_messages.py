"""A worker reads the messages that another zone's workers have at work."""

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
    return tried(place, ("HGET", "unacked.default", "x"))


def attack(place: Place) -> str:
    """Return the commands that are carried out."""
    return tried(
        place,
        ("HGET", f"unacked.{OTHER}", "x"),
        ("ZRANGE", f"unacked_index.{OTHER}", 0, -1),
        ("HGET", "unacked", "x"),
    )
