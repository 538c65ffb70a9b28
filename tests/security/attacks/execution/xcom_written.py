"""A task puts a result into another tenant's run, and deletes one there."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered, made
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "XComs"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
AIRFLOW = (60125,)
undefended = no_guard
RESULT = "/xcoms/beta.daily/run_beta/load/planted2"


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the requests that are answered."""
    made(place, ("POST", RESULT, "value"))
    return answered(place, (("POST", RESULT, "value"), ("DELETE", RESULT)))
