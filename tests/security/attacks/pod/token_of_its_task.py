"""Tenant code in a pod reads the task's token in /proc, out of the container that holds it."""

from contextlib import AbstractContextManager

from suite.attack import HELD
from suite.place import Place
from suite.pods import pod_with

FROM = "tenant code in a task"
AGAINST = "the task's token"
DEFENCE = "the containers of a pod share no processes"
MUST = HELD
NEEDS = ("cluster",)


def undefended(place: Place) -> AbstractContextManager[Place]:
    """Have the pod's containers share their processes."""
    return pod_with(place, shareProcessNamespace=True)


def harmless(place: Place) -> str:
    """Return whether the code sees the launcher that started it."""
    return "seen" if "aerodrome_airflow.launcher.server" in place.pods.processes() else ""


def attack(place: Place) -> str:
    """Return the token."""
    return str(place.pods.token())
