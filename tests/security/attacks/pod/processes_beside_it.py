"""Tenant code in a pod sees the processes of the container that sends it its work, and their arguments."""

from contextlib import AbstractContextManager

from suite.attack import HELD
from suite.place import Place
from suite.pods import pod_with

FROM = "tenant code in a task"
AGAINST = "the task's process"
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
    """Return what stands for the task."""
    return "sleep 3600" if "sleep 3600" in place.pods.processes() else ""
