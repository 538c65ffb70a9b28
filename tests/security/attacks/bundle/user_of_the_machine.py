"""A task of a DAG file asks for another user, an executor or its settings."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "workers and pods"
DEFENCE = "the cluster policy: the rules `unmanaged` and `placement`"
MUST = HELD
NEEDS = ()
undefended = without_policy
CHANGES = (
    ("priority_weight=5", 'run_as_user="root"'),
    ("priority_weight=5", 'executor_config={"pod_override": 1}'),
    ("priority_weight=5", 'executor="LocalExecutor"'),
)


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "daily")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return ", ".join(filter(None, (accepted(place, "daily", *change) for change in CHANGES)))
