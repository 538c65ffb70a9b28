"""A task asks with its own token for another tenant's connection."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "connections"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
AIRFLOW = (60125,)
undefended = no_guard
REQUESTS = (
    ("GET", "/connections/beta.db"),
    ("GET", "/connections/%62eta.db"),
)


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the requests that are answered."""
    return answered(place, REQUESTS)
