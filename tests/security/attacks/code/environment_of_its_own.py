"""A task prints its own environment and finds in it what the worker was given."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import without_launcher

FROM = "tenant code in a task"
AGAINST = "workers"
DEFENCE = "a task's environment holds what the task declares"
MUST = HELD
NEEDS = ("platform",)
undefended = without_launcher


def attack(place: Place) -> str:
    """Return what is got."""
    given = place.code.bash("env").text.splitlines()
    return ", ".join(line for line in given if line.startswith(("AIRFLOW", "AERODROME", "SUPERVISOR")))
