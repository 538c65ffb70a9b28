"""A task overwrites another tenant's variable by its name, and deletes it."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered, made
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "variables"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
AIRFLOW = (60125,)
undefended = no_guard
WRITING = ("PUT", "/variables/beta.planted", {"value": "x", "description": None})


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the requests that are answered."""
    made(place, WRITING)
    return answered(place, (WRITING, ("DELETE", "/variables/beta.planted")))
