"""A task looks at another tenant's DAGs, runs and states."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import answered
from suite.weakened import no_guard

FROM = "tenant code in a task"
AGAINST = "DAG runs"
DEFENCE = "the guard before the execution API"
MUST = HELD
NEEDS = ("api",)
undefended = no_guard
REQUESTS = (
    ("GET", "/dags/beta.daily"),
    ("GET", "/dag-runs/beta.daily/run_beta"),
    ("GET", "/dag-runs/beta.daily/run_beta/state"),
    ("GET", "/dag-runs/count?dag_id=beta.daily"),
    ("GET", "/dag-runs/count?dag_id=alpha.daily&dag_id=beta.daily"),
    ("GET", "/dag-runs/previous?dag_id=beta.daily&logical_date=2027-01-01T00:00:00Z"),
)


def harmless(place: Place) -> str:
    """Return what the task gets of its own."""
    return answered(place, [("GET", "/dags/alpha.daily")])


def attack(place: Place) -> str:
    """Return the requests that are answered."""
    return answered(place, REQUESTS)
