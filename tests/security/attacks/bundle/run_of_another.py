"""A task of a DAG file starts another tenant's DAG."""

from suite.attack import HELD
from suite.bundle_files import accepted, untouched, without_policy
from suite.place import Place

FROM = "a file that reached the bundle"
AGAINST = "DAG runs"
DEFENCE = "the cluster policy: the rule `triggers`"
MUST = HELD
NEEDS = ()
undefended = without_policy


def harmless(place: Place) -> str:
    """Return the DAG of the file as the renderer wrote it."""
    return untouched(place, "flow")


def attack(place: Place) -> str:
    """Return the DAG that Airflow takes."""
    return accepted(
        place,
        "flow",
        "    create >> choose",
        '    again.trigger_dag_id = "payments.daily"\n    create >> choose',
    )
