"""Tenant code in a pod connects to the pod of another tenant, which listens."""

from contextlib import AbstractContextManager

from suite.attack import HELD
from suite.place import Place
from suite.pods import open_namespaces

FROM = "another pod"
AGAINST = "tenants' pods"
DEFENCE = "network policies of the tenant's namespace"
MUST = HELD
NEEDS = ("cluster",)


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Take the policies away."""
    return open_namespaces(place)


def harmless(place: Place) -> str:
    """Return whether the pod comes to itself."""
    return str(place.pods.to_itself())


def attack(place: Place) -> str:
    """Return that it is connected."""
    return str(place.pods.to_other())
