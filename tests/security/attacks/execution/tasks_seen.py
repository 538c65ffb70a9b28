"""A task looks at the tasks of another tenant's runs."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "task instances"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
undefended = no_guard
REQUESTS = (
    ("GET", "/task-instances/count?dag_id=beta.daily"),
    ("GET", "/task-instances/states?dag_id=beta.daily"),
    ("GET", "/task-instances/breadcrumbs?dag_id=beta.daily&run_id=run_beta"),
    ("GET", "/task-instances/previous/beta.daily/load"),
)


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the requests that are answered."""
    return answered(place, REQUESTS)
