"""Another host, a worker of one zone, listens at the broker for tasks of other hosts and asks for any key there is."""

from suite.attack import HELD
from suite.brokers import one_user, tried
from suite.place import Place

FROM = "another host"
AGAINST = "running tasks"
DEFENCE = "users of workers may neither listen to others nor ask for keys that they do not know"
MUST = HELD
NEEDS = ("platform",)
undefended = one_user


def harmless(place: Place) -> str:
    """Return what the worker may do with its own queue."""
    return tried(place, ("LLEN", "default"))


def attack(place: Place) -> str:
    """Return the commands that are carried out."""
    return tried(
        place,
        ("RANDOMKEY",),
        ("PUBSUB", "CHANNELS", "celery-task-meta-*"),
        # Last: who listens can ask nothing else.
        ("PSUBSCRIBE", "celery-task-meta-*"),
    )
