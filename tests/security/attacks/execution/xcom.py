"""A task reads another tenant's result, its number and slices of it."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "XComs"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
AIRFLOW = (60125,)
undefended = no_guard
REQUESTS = (
    ("GET", "/xcoms/beta.daily/run_beta/load/secret"),
    ("HEAD", "/xcoms/beta.daily/run_beta/load/secret"),
    ("GET", "/xcoms/beta.daily/run_beta/load/secret/slice"),
)


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/xcoms/alpha.daily/run_alpha/load/secret")])


def attack(place: Place) -> str:
    """Return the requests that are answered."""
    return answered(place, REQUESTS)
