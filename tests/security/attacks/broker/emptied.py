"""A worker empties the broker, or stops it."""

from suite.attack import HELD
from suite.brokers import one_user, tried
from suite.place import Place

FROM = "a worker of another zone"
AGAINST = "the broker"
DEFENCE = "users may do what Celery does, and no more"
MUST = HELD
NEEDS = ("platform",)
undefended = one_user


def harmless(place: Place) -> str:
    """Return what the worker may do with its own queue."""
    return tried(place, ("LLEN", "default"))


def attack(place: Place) -> str:
    """Return the commands that are carried out."""
    return tried(place, ("FLUSHDB",), ("DEBUG", "SLEEP", 0), ("ACL", "WHOAMI"))
