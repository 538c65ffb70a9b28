"""Tenant code in a pod of the default zone connects to what only the tenant's zone of personal data may reach."""

from contextlib import AbstractContextManager

from suite.attack import HELD
from suite.place import Place
from suite.pods import pod_with

FROM = "tenant code in a task"
AGAINST = "personal data of its own tenant"
DEFENCE = "the network policy of the pod's zone"
MUST = HELD
NEEDS = ("cluster",)


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Be in that zone, as only a task on its queue is."""
    return pod_with(place, zone="pii")


def harmless(place: Place) -> str:
    """Return whether the pod comes to itself."""
    return str(place.pods.to_itself())


def attack(place: Place) -> str:
    """Return that it is connected."""
    return str(place.pods.to_records())
