"""A DAG file asks for more retries, time, runs and tasks than its tenant has."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "everybody's workers"
DEFENCE = "the cluster policy: the rule `retries`, `execution_timeout`, `active_runs`, `active_tasks`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ('"retries": 2', '"retries": 50'),
    ('"execution_timeout": timedelta(hours=2)', '"execution_timeout": timedelta(days=2)'),
    ("max_active_runs=2", "max_active_runs=200"),
    ("max_active_tasks=4", "max_active_tasks=400"),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
