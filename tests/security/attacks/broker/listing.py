"""A worker lists all keys and watches what others send."""

from suite.attack import HELD
from suite.brokers import one_user, tried
from suite.place import Place

FROM = "a worker of another zone"
AGAINST = "the broker"
DEFENCE = "users may not list, watch or configure"
MUST = HELD
NEEDS = ("platform",)
undefended = one_user


def harmless(place: Place) -> str:
    """Return what the worker may do with its own queue."""
    return tried(place, ("LLEN", "default"))


def attack(place: Place) -> str:
    """Return the commands that are carried out."""
    return tried(
        place, ("KEYS", "*"), ("SCAN", 0), ("CONFIG", "GET", "*"), ("CLIENT", "LIST"), ("ACL", "LIST")
    )
