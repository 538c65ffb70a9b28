"""Tenant code in a pod finds a token for the cluster's API."""

from contextlib import AbstractContextManager

from suite.attack import HELD
from suite.place import Place
from suite.pods import pod_with

FROM = "tenant code in a task"
AGAINST = "the cluster's API"
DEFENCE = "no token of a service account is mounted"
MUST = HELD
NEEDS = ("cluster",)


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Have the token mounted, as Kubernetes does unless it is told otherwise."""
    return pod_with(place, automountServiceAccountToken=True)


def attack(place: Place) -> str:
    """Return where the token is."""
    return str(place.pods.login())
