"""A task reads the description of all routes, to look for ones that are forgotten."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "the execution API"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
undefended = no_guard
REQUESTS = (("GET", "/openapi.json?version=2026-06-30"),)


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the requests that are answered."""
    return answered(place, REQUESTS)
